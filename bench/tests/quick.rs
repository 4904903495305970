//! The benchmark in short: everything starts, answers and is measured. No figure is judged.

use std::{env, process::Command};

#[test]
fn everything_starts_answers_and_is_measured() {
    let program =
        |variable: &str| env::var_os(variable).unwrap_or_else(|| panic!("{variable} is unset: use `cargo xtask test`"));
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench"));
    bench.arg("--quick").arg("--tollgate").arg(program("TOLLGATE_BIN"));
    bench.arg("--nginx").arg(program("TOLLGATE_NGINX")).arg("--haproxy").arg(program("TOLLGATE_HAPROXY"));
    let output = bench.output().expect("the benchmark starts");
    let (table, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{complaint}");
    for name in ["direct", "nginx", "HAProxy", "Tollgate", "Tollgate, 10⁶ keys"] {
        let rows: Vec<_> = table.lines().filter(|line| line.starts_with(&format!("| {name} |"))).collect();
        let expected = if name == "direct" { 2 } else { 3 };
        assert_eq!(rows.len(), expected, "{name} isn't measured everywhere:\n{table}");
        let proxied = name != "direct";
        assert!(!proxied || rows.iter().all(|row| !row.contains('–')), "{name} has a gap:\n{table}");
    }
}
