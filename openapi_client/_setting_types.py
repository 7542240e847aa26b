"""What programs import beside `Configuration`: the types of settings, mostly for annotations."""

from __future__ import annotations

from typing import Literal, TypedDict

from typing_extensions import NotRequired

# Generated programs import it; the models here check with pydantic.
JSON_SCHEMA_VALIDATION_KEYWORDS = {
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
}

ServerVariablesT = dict[str, str]
"""Values of the variables in the URL of a host, by their names."""

# In functional form, because `in` is a keyword.
GenericAuthSetting = TypedDict(
    "GenericAuthSetting", {"type": str, "in": str, "key": str, "value": str}
)
OAuth2AuthSetting = TypedDict(
    "OAuth2AuthSetting",
    {
        "type": Literal["oauth2"],
        "in": Literal["header"],
        "key": Literal["Authorization"],
        "value": str,
    },
)
APIKeyAuthSetting = TypedDict(
    "APIKeyAuthSetting", {"type": Literal["api_key"], "in": str, "key": str, "value": str | None}
)
BasicAuthSetting = TypedDict(
    "BasicAuthSetting",
    {
        "type": Literal["basic"],
        "in": Literal["header"],
        "key": Literal["Authorization"],
        "value": str | None,
    },
)
BearerFormatAuthSetting = TypedDict(
    "BearerFormatAuthSetting",
    {
        "type": Literal["bearer"],
        "in": Literal["header"],
        "format": Literal["JWT"],
        "key": Literal["Authorization"],
        "value": str,
    },
)
BearerAuthSetting = TypedDict(
    "BearerAuthSetting",
    {
        "type": Literal["bearer"],
        "in": Literal["header"],
        "key": Literal["Authorization"],
        "value": str,
    },
)
HTTPSignatureAuthSetting = TypedDict(
    "HTTPSignatureAuthSetting",
    {
        "type": Literal["http-signature"],
        "in": Literal["header"],
        "key": Literal["Authorization"],
        "value": None,
    },
)


class AuthSettings(TypedDict, total=False):
    """Credentials by the name of their scheme."""

    BearerAuth: APIKeyAuthSetting


class HostSettingVariable(TypedDict):
    """A variable in the URL of a host."""

    default_value: str
    description: NotRequired[str]
    enum_values: NotRequired[list[str]]


class HostSetting(TypedDict):
    """A host that the API's description names."""

    url: str
    description: NotRequired[str]
    variables: NotRequired[dict[str, HostSettingVariable]]
