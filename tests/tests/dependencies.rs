//! Holds the workspace's dependencies to the README: its tables are the rule, `cargo metadata` is
//! the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Crates that open envelopes, or documents inside them. A relay that could reach one of them
/// would no longer be blind by construction.
const OPENS_ENVELOPES: [&str; 8] = [
    "sidelight-crypto",
    "sidelight-journal",
    "sidelight-sync",
    "sidelight-store",
    "sidelight",
    "automerge",
    "chacha20poly1305",
    "hpke",
];

/// Dependencies for which the README must name a home.
const HEAVY: [&str; 7] = [
    "automerge",
    "chacha20poly1305",
    "hpke",
    "postcard",
    "quinn",
    "rusqlite",
    "rustls",
];

type Edges = BTreeMap<String, BTreeSet<String>>;

#[test]
fn every_dependency_between_our_crates_is_in_the_readmes_table() {
    let readme = Readme::read();
    let workspace = Workspace::read();
    let mut defects = Vec::new();

    let rows: BTreeSet<_> = readme.may_depend_on.keys().cloned().collect();
    for missing in workspace.floors().difference(&rows) {
        defects.push(format!("the README's table has no row for `{missing}`"));
    }
    for extra in rows.difference(&workspace.floors()) {
        defects.push(format!(
            "the README's table has `{extra}`, the workspace has not"
        ));
    }
    for name in workspace.floors() {
        let allowed = readme.may_depend_on.get(&name).cloned().unwrap_or_default();
        for used in workspace
            .uses(&workspace.normal, &name)
            .intersection(&workspace.members)
        {
            if !allowed.contains(used) {
                defects.push(format!(
                    "`{name}` depends on `{used}`; the README does not allow it"
                ));
            }
        }
    }
    none(&defects);
}

#[test]
fn every_dependency_for_tests_only_is_in_the_readmes_second_table() {
    let readme = Readme::read();
    let workspace = Workspace::read();
    let mut defects = Vec::new();
    for name in &workspace.members {
        if name == "xtask" {
            assert!(
                workspace.uses(&workspace.dev, name).is_empty(),
                "xtask stays light"
            );
            continue;
        }
        let mut uses = workspace.uses(&workspace.dev, name);
        let normal = workspace.uses(&workspace.normal, name);
        if workspace.floors().contains(name) {
            uses = uses.difference(&normal).cloned().collect();
        } else {
            uses.extend(normal); // all that the workbench does is testing
        }
        let allowed = readme
            .tests_depend_on
            .get(name)
            .cloned()
            .unwrap_or_default();
        for used in uses {
            // Our own crates, and those that have a home elsewhere.
            let watched = workspace.members.contains(&used) || readme.homes.contains_key(&used);
            if watched && !allowed.contains(&used) {
                defects.push(format!(
                    "tests of `{name}` use `{used}`; the README does not say so"
                ));
            }
        }
    }
    none(&defects);
}

#[test]
fn what_the_readme_allows_points_to_a_lower_floor_of_its_drawing() {
    let readme = Readme::read();
    let mut defects = Vec::new();
    for (name, uses) in &readme.may_depend_on {
        let Some(floor) = readme.floors.get(name) else {
            defects.push(format!("`{name}` is on no floor of the drawing"));
            continue;
        };
        for used in uses {
            if readme.floors.get(used).is_none_or(|lower| lower >= floor) {
                defects.push(format!(
                    "`{name}` may depend on `{used}`, which is not below it"
                ));
            }
        }
    }
    none(&defects);
}

#[test]
fn a_heavy_dependency_has_the_homes_that_the_readme_names_and_no_other() {
    let readme = Readme::read();
    let workspace = Workspace::read();
    for heavy in HEAVY {
        assert!(
            readme.homes.contains_key(heavy),
            "the README names no home of `{heavy}`"
        );
    }
    let mut defects = Vec::new();
    for (dependency, homes) in &readme.homes {
        let actual: BTreeSet<_> = workspace
            .normal
            .iter()
            .filter(|(name, uses)| workspace.floors().contains(*name) && uses.contains(dependency))
            .map(|(name, _)| name.clone())
            .collect();
        if actual != *homes {
            defects.push(format!(
                "`{dependency}` lives in {actual:?}; the README says {homes:?}"
            ));
        }
    }
    none(&defects);
}

#[test]
fn the_relay_cannot_reach_what_opens_an_envelope() {
    let workspace = Workspace::read();
    for name in [
        "sidelight-relay",
        "sidelight-mailbox",
        "sidelight-transport",
    ] {
        let reached = workspace.reached_from(name);
        assert!(
            reached.contains("sidelight-format"),
            "{name} reaches {reached:?}"
        );
        for opener in OPENS_ENVELOPES {
            assert!(!reached.contains(opener), "{name} reaches {opener}");
        }
    }
    // The control: who does open envelopes reaches all of that.
    let client = workspace.reached_from("sidelight");
    assert!(
        client.contains("chacha20poly1305") && client.contains("automerge"),
        "{client:?}"
    );
}

#[test]
fn all_crates_of_the_workspace_have_one_version() {
    let workspace = Workspace::read();
    let versions: BTreeSet<_> = workspace.versions.values().collect();
    assert_eq!(versions.len(), 1, "{:?}", workspace.versions);
}

fn none(defects: &[String]) {
    assert!(defects.is_empty(), "\n{}", defects.join("\n"));
}

/// What `cargo metadata` says.
struct Workspace {
    members: BTreeSet<String>,
    versions: BTreeMap<String, String>,
    /// Direct dependencies, by package name, of each member: normal and build.
    normal: Edges,
    /// Direct dependencies of each member for its tests.
    dev: Edges,
    /// Names by package id.
    names: BTreeMap<String, String>,
    /// Normal and build dependencies as resolved, on every platform, by package id.
    resolved: Edges,
}

impl Workspace {
    /// Read once; all tests look at the same.
    fn read() -> &'static Self {
        static READ: OnceLock<Workspace> = OnceLock::new();
        READ.get_or_init(Self::of_cargo)
    }

    fn of_cargo() -> Self {
        let cargo = std::env::var_os("CARGO").expect("cargo runs the tests and names itself");
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked"])
            .current_dir(ROOT)
            .output()
            .expect("cargo starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");

        let mut workspace = Self {
            members: BTreeSet::new(),
            versions: BTreeMap::new(),
            normal: Edges::new(),
            dev: Edges::new(),
            names: BTreeMap::new(),
            resolved: Edges::new(),
        };
        for package in list(&metadata["packages"]) {
            let name = text(&package["name"]);
            workspace.names.insert(text(&package["id"]), name.clone());
            if !package["source"].is_null() {
                continue;
            }
            workspace.members.insert(name.clone());
            workspace
                .versions
                .insert(name.clone(), text(&package["version"]));
            for dependency in list(&package["dependencies"]) {
                let edges = match dependency["kind"].as_str() {
                    Some("dev") => &mut workspace.dev,
                    _ => &mut workspace.normal,
                };
                edges
                    .entry(name.clone())
                    .or_default()
                    .insert(text(&dependency["name"]));
            }
        }
        for node in list(&metadata["resolve"]["nodes"]) {
            let used = list(&node["deps"])
                .iter()
                .filter(|dep| {
                    list(&dep["dep_kinds"])
                        .iter()
                        .any(|kind| kind["kind"] != "dev")
                })
                .map(|dep| text(&dep["pkg"]))
                .collect();
            workspace.resolved.insert(text(&node["id"]), used);
        }
        workspace
    }

    /// What `member` uses directly.
    fn uses(&self, edges: &Edges, member: &str) -> BTreeSet<String> {
        edges.get(member).cloned().unwrap_or_default()
    }

    /// The members that stand on a floor of the building: all but the workbench.
    fn floors(&self) -> BTreeSet<String> {
        let workbench = [
            "sidelight-bindgen",
            "sidelight-ffi-testing",
            "sidelight-tests",
            "xtask",
        ];
        let stands = |name: &&String| !workbench.contains(&name.as_str());
        self.members.iter().filter(stands).cloned().collect()
    }

    /// Names of all packages that `member` depends on, directly or not.
    fn reached_from(&self, member: &str) -> BTreeSet<String> {
        let mut ids: Vec<&String> = self
            .names
            .iter()
            .filter(|(_, name)| *name == member)
            .map(|(id, _)| id)
            .collect();
        assert_eq!(ids.len(), 1, "one package is called {member}");
        let mut reached = BTreeSet::new();
        while let Some(id) = ids.pop() {
            for used in &self.resolved[id] {
                if reached.insert(used) {
                    ids.push(used);
                }
            }
        }
        reached
            .into_iter()
            .map(|id| self.names[id].clone())
            .collect()
    }
}

/// What the README says.
struct Readme {
    may_depend_on: Edges,
    /// By dependency: the crates that may use it directly.
    homes: Edges,
    tests_depend_on: Edges,
    /// By crate: its floor in the drawing, counted from the cellar.
    floors: BTreeMap<String, usize>,
}

impl Readme {
    fn read() -> Self {
        let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).expect("README.md");
        let mut may_depend_on = Edges::new();
        let mut homes = Edges::new();
        for row in table(&readme, &["crate", "duty", "may depend on", "sole home of"]) {
            let [name] = names(&row[0]).try_into().expect("one crate a row");
            let package = package(&name);
            for dependency in names(&row[3]) {
                homes.entry(dependency).or_default().insert(package.clone());
            }
            may_depend_on.insert(
                package,
                names(&row[2])
                    .iter()
                    .map(|name| self::package(name))
                    .collect(),
            );
        }
        let tests_depend_on = table(&readme, &["crate", "in tests also on"])
            .iter()
            .map(|row| {
                let [name] = names(&row[0]).try_into().expect("one crate a row");
                let uses = names(&row[1])
                    .into_iter()
                    .map(|name| {
                        if homes.contains_key(&name) {
                            name
                        } else {
                            package(&name)
                        }
                    })
                    .collect();
                (package(&name), uses)
            })
            .collect();
        Self {
            may_depend_on,
            homes,
            tests_depend_on,
            floors: floors(&readme),
        }
    }
}

/// The drawing's floors: a name, then the crates on it; what is in brackets is not there yet.
fn floors(readme: &str) -> BTreeMap<String, usize> {
    let mut floors = BTreeMap::new();
    for (number, floor) in ["cellar", "ground", "first", "second", "roof"]
        .into_iter()
        .enumerate()
    {
        let line = readme
            .lines()
            .find_map(|line| line.strip_prefix(floor)?.strip_prefix("  "))
            .unwrap_or_else(|| panic!("the README draws the floor {floor}"));
        let built = match (line.find('('), line.find(')')) {
            (Some(from), Some(to)) => format!("{} {}", &line[..from], &line[to + 1..]),
            _ => line.to_owned(),
        };
        for name in built.split_whitespace() {
            let name = name.rsplit('/').next().unwrap_or(name);
            floors.insert(package(name), number);
        }
    }
    floors
}

/// The rows of the one Markdown table whose heading is `heading`.
fn table(markdown: &str, heading: &[&str]) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Option<Vec<String>> {
        let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
        Some(
            inner
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect(),
        )
    };
    let mut lines = markdown.lines();
    lines
        .find(|line| cells(line).is_some_and(|cells| cells == heading))
        .unwrap_or_else(|| panic!("README.md has a table with the heading {heading:?}"));
    let rows: Vec<_> = lines.skip(1).map_while(cells).collect();
    assert!(!rows.is_empty(), "the table {heading:?} has rows");
    for row in &rows {
        assert_eq!(row.len(), heading.len(), "{row:?}");
    }
    rows
}

/// What stands in `backticks` in a cell.
fn names(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The package of a crate as the README calls it.
fn package(name: &str) -> String {
    match name {
        "client" => "sidelight".into(),
        "tests" => "sidelight-tests".into(),
        name => format!("sidelight-{name}"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
