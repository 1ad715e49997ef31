"""The public page: can I trust this lift, this kitchen, this city? No account, no cookie, no script."""
