"""What can be wrong with a model; always said when it is opened, never at the first frame."""


class RegistryError(ValueError):
    """The registry does not say what it should: file, field, value and what was expected, in one line."""


class ModelError(RuntimeError):
    """A model's file is not what its registry entry says, or the runtime cannot run it as asked."""
