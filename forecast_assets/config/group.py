"""Base of the groups of settings."""

from pydantic import BaseModel, ConfigDict


class SettingsGroup(BaseModel):
    """Group of settings, read-only; fields are set by the name of the variable or of the field."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Return the environment variables of the group's fields, each with the name of its field."""
        return {
            field.validation_alias: name
            for name, field in cls.model_fields.items()
            if isinstance(field.validation_alias, str)
        }
