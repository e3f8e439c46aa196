"""The pipeline: each step is a make target or a script that stands here, and releases are promoted by digest."""

import os
import re

import pytest
import yaml

from forecast_assets_tests.deploy.known_variables import ROOT

TARGET = re.compile(r"(?:sudo --preserve-env )?make ([\w-]+)(?: \w+=--[\w-]+)*")


@pytest.fixture(scope="module")
def stages():
    content = yaml.safe_load((ROOT / "azure-pipelines.yml").read_text(encoding="utf-8"))
    return {each["stage"]: each for each in content["stages"]}


def steps(node):
    """Yield every step below a node."""
    if isinstance(node, dict):
        for each in node.get("steps", []):
            yield each
        for name, each in node.items():
            if name != "steps":
                yield from steps(each)
    elif isinstance(node, list):
        for each in node:
            yield from steps(each)


def test_each_script_of_the_pipeline_is_one_make_target_or_a_file_that_can_be_run(stages):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    scripts = [each["script"] for stage in stages.values() for each in steps(stage) if "script" in each]
    scripts += [each["inputs"]["scriptPath"] for stage in stages.values() for each in steps(stage) if "inputs" in each]
    assert len(scripts) >= 15
    for script in scripts:
        target = TARGET.fullmatch(script)
        if target:
            assert target[1] in targets, script
        else:
            assert os.access(ROOT / script, os.X_OK), script


def test_each_environment_follows_the_one_before(stages):
    assert stages["image"]["dependsOn"] == "check"
    assert stages["dev"]["dependsOn"] == "image"
    assert stages["test"]["dependsOn"] == ["image", "dev"]
    assert stages["prod"]["dependsOn"] == ["image", "test"]


def test_the_image_is_built_once_and_promoted_by_its_digest(stages):
    builds = [
        each["script"] for stage in stages.values() for each in steps(stage) if "make image" in each.get("script", "")
    ]
    assert [each for each in builds if each.endswith("make image")] == ["sudo --preserve-env make image"]
    for name in ("dev", "test", "prod"):
        assert stages[name]["variables"]["digest"] == "$[ stageDependencies.image.image.outputs['push.digest'] ]"
        release = next(
            each for each in steps(stages[name]) if each.get("inputs", {}).get("scriptPath", "").endswith("release")
        )
        assert release["inputs"]["arguments"].split()[:3] == [name, f"$({name}Group)", "$(digest)"]


def test_a_failed_release_of_prod_is_rolled_back(stages):
    failure = stages["prod"]["jobs"][0]["strategy"]["runOnce"]["on"]["failure"]
    assert [each["inputs"]["scriptPath"] for each in steps(failure)] == ["deploy/azure/rollback"]


def test_the_audit_of_the_pipeline_is_strict(stages):
    audits = [each["script"] for stage in stages.values() for each in steps(stage) if "audit" in each.get("script", "")]
    assert len(audits) == 2
    assert all("AUDIT_OPTIONS=--strict" in each for each in audits)
