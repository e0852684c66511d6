//! What `deploy/` says is understood: its files can be read, and `loq` knows every command, variable and address in them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may fail, and runs the program")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").canonicalize().unwrap()
}

/// The documents of a YAML file, with what they merge put in.
fn documents(name: &str) -> Vec<Value> {
    let text = fs::read_to_string(deploy().join(name)).unwrap();
    serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn loq(args: &[&str]) -> (bool, String) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loq"));
    command.args(args).env("LOQUAT_HOME", home.path()).current_dir(home.path()).stdin(Stdio::null());
    for name in ["LOQUAT_DATABASE", "LOQUAT_REDIS", "MCP_SERVER_CONFIG"] {
        command.env_remove(name);
    }
    let output = command.env_remove("DBUS_SESSION_BUS_ADDRESS").output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

/// One program as a file has it run: its arguments, and the variables it is given.
struct Run {
    file: &'static str,
    args: Vec<String>,
    variables: BTreeSet<String>,
}

fn owned(words: Vec<&str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

fn runs() -> Vec<Run> {
    let compose = documents("compose.yaml").remove(0);
    let services = compose["services"].as_object().unwrap().values();
    let ours = services.filter(|service| service["build"]["dockerfile"] == "deploy/Dockerfile").map(|service| Run {
        file: "compose.yaml",
        args: owned(words(&service["command"])),
        variables: service["environment"].as_object().unwrap().keys().cloned().collect(),
    });
    let manifests = ["kubernetes/api.yaml", "kubernetes/gateway.yaml"];
    let deployed =
        manifests.into_iter().flat_map(|file| documents(file).into_iter().map(move |document| (file, document)));
    let containers = deployed.filter(|(_, document)| document["kind"] == "Deployment").map(|(file, document)| {
        let container = &document["spec"]["template"]["spec"]["containers"][0];
        let variables = container["env"].as_array().unwrap().iter();
        let variables = variables.map(|variable| variable["name"].as_str().unwrap().to_owned()).collect();
        Run { file, args: owned(words(&container["args"])), variables }
    });
    ours.chain(containers).collect()
}

#[test]
fn loq_understands_what_it_is_started_with() {
    let runs = runs();
    assert_eq!(runs.len(), 4);
    // Read from the environment like every provider's key, and told in the documents.
    let told = fs::read_to_string(deploy().join("../docs/api.md")).unwrap();
    for Run { file, args, variables } in runs {
        let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
        args.push("--help");
        let (understood, help) = loq(&args);
        assert!(understood, "{file}: loq {args:?}\n{help}");
        for variable in &variables {
            let known = help.contains(&format!("[env: {variable}")) || told.contains(&format!("`{variable}`"));
            assert!(known, "{file}: nothing reads {variable} of loq {args:?}");
        }
        assert!(variables.contains("LOQUAT_DATABASE"), "{file}: copies without a database");
    }
}

#[test]
fn what_is_served_can_be_served() {
    for (name, other) in
        [("gateway.yaml", "compose.yaml"), ("kubernetes/configuration.yaml", "kubernetes/kustomization.yaml")]
    {
        let path = deploy().join(name).display().to_string();
        let (fits, said) = loq(&["gateway", "check", &path]);
        assert!(fits, "{name}: {said}");
        let user = fs::read_to_string(deploy().join(other)).unwrap();
        assert!(user.contains(Path::new(name).file_name().unwrap().to_str().unwrap()), "{other} does not use {name}");
    }
}

#[test]
fn kubernetes_finds_what_the_manifests_name() {
    let kustomization = documents("kubernetes/kustomization.yaml").remove(0);
    let resources = words(&kustomization["resources"]);
    for resource in &resources {
        let all = documents(&format!("kubernetes/{resource}"));
        let of =
            |kind: &str| all.iter().find(|it| it["kind"] == kind).unwrap_or_else(|| panic!("{resource}: no {kind}"));
        let (deployment, service, budget) = (of("Deployment"), of("Service"), of("PodDisruptionBudget"));
        let labels = &deployment["spec"]["template"]["metadata"]["labels"];
        assert_eq!(labels, &deployment["spec"]["selector"]["matchLabels"], "{resource}");
        assert_eq!(labels, &service["spec"]["selector"], "{resource}");
        assert_eq!(labels, &budget["spec"]["selector"]["matchLabels"], "{resource}");
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let ports: Vec<&Value> = container["ports"].as_array().unwrap().iter().map(|port| &port["name"]).collect();
        for used in [
            &service["spec"]["ports"][0]["targetPort"],
            &container["readinessProbe"]["httpGet"]["port"],
            &container["livenessProbe"]["tcpSocket"]["port"],
        ] {
            assert!(ports.contains(&used), "{resource}: there is no port {used}");
        }
        let volumes = deployment["spec"]["template"]["spec"]["volumes"].as_array().unwrap();
        for mount in container["volumeMounts"].as_array().unwrap() {
            assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{resource}: no volume {mount}");
        }
    }
    let manifests = fs::read_dir(deploy().join("kubernetes")).unwrap().count();
    assert_eq!(manifests, resources.len() + 2, "besides these there are only the kustomization and what is served");
}

/// Ports and hosts are named in several files: they are the same everywhere.
#[test]
fn the_load_balancer_asks_where_the_doors_listen() {
    let nginx = fs::read_to_string(deploy().join("nginx.conf")).unwrap();
    let compose = documents("compose.yaml").remove(0);
    let published = words(&compose["services"]["balancer"]["ports"]);
    let gateway = documents("gateway.yaml").remove(0);
    let listens = gateway["server"]["listen"].as_str().unwrap().to_owned();
    let api = words(&compose["services"]["api"]["command"]);
    for (name, address) in [("gateway", listens.as_str()), ("api", api.last().unwrap())] {
        let port = address.rsplit_once(':').unwrap().1;
        assert!(compose["services"][name]["deploy"]["replicas"].as_u64() > Some(1), "{name}");
        assert!(nginx.contains(&format!("server {name}:{port} resolve;")), "{name}:{port}");
        assert!(nginx.contains(&format!("listen {port};")), "{port}");
        assert!(published.iter().any(|it| it.ends_with(&format!(":{port}:{port}"))), "{port}");
    }
}
