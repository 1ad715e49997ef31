"""Everything that Apprise speaks: WeCom, DingTalk, Feishu, SMS, voice. It keeps nothing: the outbox is ours."""

import apprise

from alerting.channels import Message, Outcome, Verdict


class AnyService:
    """Sends to an Apprise address."""

    def send(self, message: Message) -> Outcome:
        service = apprise.Apprise()
        if not service.add(message.address):
            return Outcome(Verdict.REFUSED, "address: not one that Apprise knows")
        # Apprise tells only yes or no: a no may have been delivered all the same.
        if service.notify(title=message.subject, body=message.body):
            return Outcome(Verdict.SENT, "accepted")
        return Outcome(Verdict.UNSURE, "the service did not confirm")
