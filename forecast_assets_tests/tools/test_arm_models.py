"""Findings of the comparison of templates with models: unknown, missing and unsettable properties, types and values."""

import enum
import json
from types import SimpleNamespace

import pytest

from tools import arm_models


class Level(enum.Enum):
    LOW, HIGH = "Low", "High"


class Inner:
    """In the style of the older libraries: names in JSON, rules beside them."""

    _attribute_map = {"on": {"key": "on", "type": "bool"}, "names": {"key": "names", "type": "[str]"}}  # noqa: RUF012
    _validation = {"on": {"required": True}}  # noqa: RUF012


class Resource:
    _attribute_map = {  # noqa: RUF012
        "id": {"key": "id", "type": "str"},
        "tags": {"key": "tags", "type": "{str}"},
        "who": {"key": "properties.who", "type": "str"},
        "inner": {"key": "properties.inner", "type": "Inner"},
        "size": {"key": "properties.size", "type": "int"},
    }
    _validation = {"id": {"readonly": True}, "who": {"required": True}}  # noqa: RUF012


MODELS = SimpleNamespace(Inner=Inner, Resource=Resource)
SOUND = {
    "tags": {"a": "b"},
    "properties": {"who": "[parameters('who')]", "inner": {"on": True, "names": ["x"]}, "size": 3},
}


def problems(body):
    return list(arm_models._of_model(body, Resource, MODELS, ""))


def changed(**properties):
    return {**SOUND, "properties": {**SOUND["properties"], **properties}}


def test_a_sound_resource_has_no_problem():
    assert problems(SOUND) == []


def test_names_are_found_whatever_their_case():
    assert problems(changed(SIZE=4)) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (changed(siz=3), ".properties.siz: unknown; known: inner, size, who"),
        (changed(size="3"), ".properties.size: '3' is no int"),
        (changed(size=True), ".properties.size: True is no int"),
        (changed(inner={"names": []}), ".properties.inner.on: required"),
        (changed(inner={"on": True, "names": [1]}), ".properties.inner.names[0]: 1 is no str"),
        (changed(inner={"on": True, "names": "x"}), ".properties.inner.names: expected a list"),
        (changed(inner=[]), ".properties.inner: expected an object"),
        ({**SOUND, "id": "/x"}, ".id: is set by Azure alone"),
        ({**SOUND, "tags": {"a": 1}}, ".tags.a: 1 is no str"),
        ({"properties": {}}, ".properties.who: required"),
    ],
)
def test_what_azure_would_reject_is_named(body, problem):
    assert problems(body) == [problem]


def test_a_property_that_is_copied_is_there():
    body = changed(inner={"copy": [{"name": "on", "count": 2, "input": {}}], "names": []})
    assert problems(body) == []


def test_an_expression_is_not_evaluated_and_an_escaped_bracket_is_none():
    assert problems(changed(size="[add(1, 2)]")) == []
    assert problems(changed(size="[[1]")) == [".properties.size: '[[1]' is no int"]


def test_a_value_of_a_list_of_values_is_compared_whatever_its_case():
    assert list(arm_models._of_value("low", str | Level | None, MODELS, ".level")) == []
    (problem,) = arm_models._of_value("middle", str | Level | None, MODELS, ".level")
    assert problem == ".level: 'middle' is none of Low, High"


def test_every_type_of_the_templates_has_a_model():
    types = {
        each["type"]
        for name in arm_models.TEMPLATES
        for each in json.loads((arm_models.AZURE / name).read_text(encoding="utf-8"))["resources"]
    }
    assert types == set(arm_models.MODELS)
