//! Findings as text: tables for people in Markdown, and one for programs.

use super::method::{HOP_MS, Method};
use super::rest::AtRest;
use super::{Findings, Measured};

const HEAD: &str = "\
| way | messages | kB | newest after | over after | copies found | asked often / any | with those away | newest on top | busiest / mean | at rest, kB/h |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

/// Writes one size.
pub(super) fn tables(findings: &Findings) -> String {
    let likeness = findings.likeness;
    let mut text = format!(
        "{} members ({:.0} here), {:.1} neighbours, {:.0} documents in {:.0} copies; a member has {:.0} words, a filter of {}\n\n",
        grouped(likeness.members),
        likeness.here,
        likeness.neighbours,
        likeness.documents,
        likeness.copies,
        likeness.words,
        bytes(likeness.filter_bytes),
    );
    text.push_str(HEAD);
    for measured in &findings.measured {
        text.push_str(&row(measured, likeness.at_rest(measured.method)));
    }
    text
}

fn row(measured: &Measured, rest: AtRest) -> String {
    let Measured { method, messages, bytes, hops, over, recall, recall_by_target, .. } = measured;
    let (often, any) = recall_by_target;
    let newest_after = hops.map_or("–".to_owned(), |(median, most)| {
        format!("{median} / {most} hops, {} / {} ms", median * HOP_MS, most * HOP_MS)
    });
    let rest = match method {
        Method::Brokers(_) => {
            format!("{}; broker {}", figure(rest.bytes_per_hour / 1e3), figure(rest.busiest_per_hour / 1e3))
        }
        _ => figure(rest.bytes_per_hour / 1e3),
    };
    format!(
        "| {} | {} | {} | {newest_after} | {} ms | {} | {} / {} | {} | {} | {} | {rest} |\n",
        method.name(),
        figure(*messages),
        figure(bytes / 1e3),
        over.unwrap_or(0) * HOP_MS,
        percent(*recall),
        percent(*often),
        percent(*any),
        percent(measured.recall_of_all),
        percent(measured.newest),
        measured.hot_spot.map_or("–".to_owned(), figure),
    )
}

/// Writes everything for programs, one line for each size and way.
pub(super) fn comma_separated(findings: &[Findings]) -> String {
    let mut text =
        "members,way,messages,bytes,hops_median,hops_95,over_hops_median,recall_here,recall_popular,\
                    recall_any,recall_all,newest,hot_spot,busiest_per_1000,rest_bytes_per_hour,\
                    rest_busiest_bytes_per_hour,kept_bytes\n"
            .to_owned();
    for one in findings {
        for measured in &one.measured {
            let rest = one.likeness.at_rest(measured.method);
            let number = |hops: Option<u32>| hops.map_or(String::new(), |hops| hops.to_string());
            text.push_str(&format!(
                "{},\"{}\",{:.2},{:.0},{},{},{},{:.4},{:.4},{:.4},{:.4},{:.4},{},{:.1},{:.0},{:.0},{:.0}\n",
                one.members,
                measured.method.name(),
                measured.messages,
                measured.bytes,
                number(measured.hops.map(|(median, _)| median)),
                number(measured.hops.map(|(_, most)| most)),
                number(measured.over),
                measured.recall,
                measured.recall_by_target.0,
                measured.recall_by_target.1,
                measured.recall_of_all,
                measured.newest,
                measured.hot_spot.map_or(String::new(), |ratio| format!("{ratio:.2}")),
                measured.busiest,
                rest.bytes_per_hour,
                rest.busiest_per_hour,
                rest.kept,
            ));
        }
    }
    text
}

/// Writes a number so that three digits of it can be read.
fn figure(value: f64) -> String {
    match value {
        zero if zero <= 0.0 => "0".to_owned(),
        small if small < 9.95 => format!("{small:.1}"),
        _ => grouped(value),
    }
}

/// Writes a whole number with commas.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (left, digit) in (0..digits.len()).rev().zip(digits.chars()) {
        text.push(digit);
        if left > 0 && left % 3 == 0 {
            text.push(',');
        }
    }
    text
}

fn bytes(value: f64) -> String {
    format!("{:.1} kB", value / 1e3)
}

/// Writes a part of one; what is not quite all does not become all, nor what is not nothing nothing.
fn percent(part: f64) -> String {
    let percent = part * 100.0;
    match percent {
        some if some > 0.0 && some < 0.1 => "< 0.1 %".to_owned(),
        most if most > 99.9 && most < 99.999_999 => "> 99.9 %".to_owned(),
        all if !(0.05..99.95).contains(&all) => format!("{all:.0} %"),
        _ => format!("{percent:.1} %"),
    }
}
