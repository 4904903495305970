"""Renders the chart that the first argument names with Helm itself, and holds what comes out against Kubernetes' schemas."""

import sys

import helm_python as helm
import kubernetes_validate
import yaml

POSTGRES = {"backend": "postgres", "existingSecret": "tollgate"}
INGRESS = {"ingress": {"enabled": True, "host": "llm.example.com", "tlsSecret": "certificate", "className": "nginx"}}
VERSIONS = ["1.27", "1.37"]

path = sys.argv[1]
chart = helm.Chart.load(path)


def rendered(values):
    """The objects of a release by their kind, each held against the schemas of the oldest and the newest Kubernetes."""
    files = chart.render(values, name="llm", namespace="default")
    objects = {}
    for name, text in files.items():
        if not name.endswith(".yaml"):
            continue
        for found in yaml.safe_load_all(text):
            if found is None:
                continue
            for version in VERSIONS:
                kubernetes_validate.validate(found, version, strict=True)
            assert found["kind"] not in objects, f"two of {found['kind']}"
            objects[found["kind"]] = found
    return objects


def pod(objects):
    return objects["Deployment"]["spec"]["template"]["spec"]


def refused(values, word):
    try:
        chart.render(values, name="llm")
    except helm.HelmError as error:
        assert word in str(error), f"{values}: {word!r} isn't in: {error}"
        return
    raise AssertionError(f"{values} should be refused")


report = helm.lint(path, strict=True)
worse = [message for message in report["messages"] if message["severity"] > 1]
assert not worse and not report["errors"], report

usual = rendered({})
assert sorted(usual) == ["ConfigMap", "Deployment", "PersistentVolumeClaim", "Service"], sorted(usual)
assert usual["Deployment"]["spec"]["replicas"] == 1
assert usual["Deployment"]["spec"]["strategy"]["type"] == "Recreate"
assert pod(usual)["securityContext"]["runAsNonRoot"]
container = pod(usual)["containers"][0]
assert container["securityContext"]["readOnlyRootFilesystem"]
assert "initContainers" not in pod(usual)
assert usual["ConfigMap"]["data"]["tollgate.toml"].startswith("[server]\n")

many = rendered(POSTGRES | {"replicas": 3})
assert sorted(many) == ["ConfigMap", "Deployment", "PodDisruptionBudget", "Service"], sorted(many)
assert many["Deployment"]["spec"]["replicas"] == 3
assert many["Deployment"]["spec"]["strategy"]["type"] == "RollingUpdate"
assert pod(many)["initContainers"][0]["args"] == ["migrate"]
for container in pod(many)["initContainers"] + pod(many)["containers"]:
    assert {"name": "TOLLGATE_BACKEND", "value": "postgres"} in container["env"]
    assert container["envFrom"] == [{"secretRef": {"name": "tollgate"}}]

outside = rendered(INGRESS | {"env": {"TOLLGATE_LOG__FORMAT": "json"}, "persistence": {"existingClaim": "mine"}})
assert "PersistentVolumeClaim" not in outside
environment = pod(outside)["containers"][0]["env"]
assert {"name": "TOLLGATE_SERVER__PUBLIC_URL", "value": "https://llm.example.com"} in environment
assert {"name": "TOLLGATE_LOG__FORMAT", "value": "json"} in environment
assert outside["Ingress"]["spec"]["tls"][0]["secretName"] == "certificate"

refused({"replicas": 2}, "one SQLite file")
refused({"replicas": 2, "backend": "aws"}, "one SQLite file")
refused({"replicas": 0}, "/replicas")
refused({"backend": "postgres"}, "existingSecret")
refused({"backend": "sqlite"}, "/backend")
refused({"replica": 2}, "replica")
refused({"config": "[server]\n[tls]\ncert_file = \"/x\"\n"}, "[tls]")
refused({"ingress": {"enabled": True}}, "ingress.host")

# What is written and what is read are of one list: a name that the schema doesn't know can't be in the values.
assert chart.schema["properties"].keys() - {"global"} == chart.values.keys()
print("checked")
