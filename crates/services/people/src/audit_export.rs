//! Writes the log of a web for other programs: as a table or as JSON lines (spec governance rule 90).

use api::people::AuditView;
use api::persons::{AuditExport, ExportForm};
use base::{Fault, Timestamp, WebId};
use store::Rows;

/// The table's columns.
const HEAD: [&str; 10] =
    ["time", "by", "person", "kind", "what", "about", "counts", "why it does not count", "device", "entry"];

/// Writes all acts, oldest first.
pub(crate) fn export(rows: &dyn Rows, web: WebId, form: ExportForm) -> Result<AuditExport, Fault> {
    let acts = crate::audit::audit(rows, web)?.acts;
    let text = match form {
        ExportForm::Csv => csv(&acts),
        ExportForm::Jsonl => acts.iter().map(json_line).collect(),
    };
    Ok(AuditExport { acts: u64::try_from(acts.len()).unwrap_or(u64::MAX), text })
}

fn json_line(act: &AuditView) -> String {
    serde_json::to_string(act).unwrap_or_default() + "\n"
}

/// Writes a table as RFC 4180 says: every cell in quotes, lines ended by CR LF.
fn csv(acts: &[AuditView]) -> String {
    let mut out = line(&HEAD.map(str::to_owned));
    for act in acts {
        let id = |person: Option<base::PersonId>| person.map(|person| person.to_string()).unwrap_or_default();
        out.push_str(&line(&[
            time(act.at),
            act.by.clone(),
            id(act.person),
            act.kind.clone(),
            act.what.clone(),
            id(act.about),
            if act.is_void { "no" } else { "yes" }.to_owned(),
            act.why_void.clone(),
            act.device.to_string(),
            act.entry.to_string(),
        ]));
    }
    out
}

fn line(cells: &[String; HEAD.len()]) -> String {
    cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\r\n"
}

/// Puts a cell in quotes. One that a spreadsheet would take for a formula begins with an apostrophe: names come from
/// others (OWASP, CSV injection).
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let mark = if is_formula { "'" } else { "" };
    format!("\"{mark}{}\"", cell.replace('"', "\"\""))
}

fn time(at: Timestamp) -> String {
    let [year, month, day, hour, minute, second] = at.in_utc();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formula_gets_through() {
        let check = |cell: &str, expected: &str| assert_eq!(quoted(cell), expected, "{cell:?}");
        check("Alice", "\"Alice\"");
        check("", "\"\"");
        check("say \"hi\", then", "\"say \"\"hi\"\", then\"");
        check("a\r\nb", "\"a\r\nb\"");
        check("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\"");
        check("+1", "\"'+1\"");
        check("-1", "\"'-1\"");
        check("@SUM(A1)", "\"'@SUM(A1)\"");
        check("\t=1", "\"'\t=1\"");
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(time(Timestamp::from_millis(1_795_000_000_000)), "2026-11-18T11:06:40Z");
    }
}
