//! Which findings are drawn: for each figure one chart over the size of the web, and what is found for how many messages.

use super::method::HOP_MS;
use super::plot::{Axis, Chart, Line, Scale};
use super::real::real;
use super::{Findings, Measured, Method};

/// The ways that are drawn; all of them would hide each other.
const DRAWN: [Method; 10] = [
    Method::Flood(Some(3)),
    Method::Flood(Some(7)),
    Method::Flood(None),
    Method::Walk(512),
    Method::Guided(512),
    Method::Connected(32),
    Method::Summaries(Some(64)),
    Method::Deltas,
    Method::Catalogue,
    Method::Brokers(1),
];

/// The size that is drawn by itself.
const MIDDLE: u32 = 10_000;

/// What a peer at rest may send: 1 kB/s.
const AT_REST_MAX: (f64, &str) = (3.6e6, "1 kB/s: what a peer may send at rest");

/// Draws all.
pub(super) fn all(findings: &[Findings]) -> Vec<(&'static str, String)> {
    let percent = || Axis { label: "% of copies at members who are here", scale: Scale::Even(100.0) };
    let mut charts = vec![
        ("messages.svg", over_size(findings, "Messages of one search", "messages", |one| Some(one.messages))),
        ("bytes.svg", over_size(findings, "Bytes of one search", "bytes", |one| Some(one.bytes))),
        ("hot-spots.svg", over_size(findings, "The busiest peer", "its messages / mean", |one| one.hot_spot)),
        (
            "latency.svg",
            over_size(findings, "The newest revision that is found is known after", "ms (median)", |one| {
                one.hops.map(|(median, _)| f64::from(median * HOP_MS))
            }),
        ),
    ];
    let mut recall = over_size(findings, "Copies found", "", |one| Some(one.recall * 100.0));
    recall.y = percent();
    charts.push(("recall.svg", recall));
    let mut newest =
        over_size(findings, "The best answer is the newest revision", "", |one| Some(one.newest * 100.0));
    newest.y = Axis { label: "% of searches", scale: Scale::Even(100.0) };
    charts.push(("newest.svg", newest));
    charts.push(("at-rest.svg", at_rest(findings)));
    if let Some(middle) = findings.iter().find(|one| one.members == MIDDLE) {
        charts.push(("trade.svg", trade(middle)));
        charts.push(("just-saved.svg", just_saved(middle)));
    }
    charts.into_iter().map(|(name, chart)| (name, chart.svg())).collect()
}

fn size_axis() -> Axis {
    Axis { label: "members of the web", scale: Scale::Log(2, 5) }
}

fn size(one: &Findings) -> f64 {
    real(u64::from(one.members))
}

/// Draws one figure of all ways over the size of the web, by powers of ten.
fn over_size(
    findings: &[Findings],
    title: &str,
    label: &'static str,
    figure: impl Fn(&Measured) -> Option<f64>,
) -> Chart {
    let line = |method: Method| {
        let point = |one: &Findings| {
            let measured = one.measured.iter().find(|measured| measured.method == method)?;
            Some((size(one), figure(measured)?))
        };
        Line { label: method.name(), points: findings.iter().filter_map(point).collect() }
    };
    let lines: Vec<Line> = DRAWN.into_iter().map(line).collect();
    let values = lines.iter().flat_map(|line| line.points.iter().map(|(_, value)| *value));
    let y = Axis { label, scale: Scale::around(values) };
    Chart { title: title.to_owned(), x: size_axis(), y, lines, limit: None }
}

/// Draws what is to be sent while nobody searches.
fn at_rest(findings: &[Findings]) -> Chart {
    let line = |label: &str, figure: &dyn Fn(&Findings) -> f64| Line {
        label: label.to_owned(),
        points: findings.iter().map(|one| (size(one), figure(one))).collect(),
    };
    let each = |method| move |one: &Findings| one.likeness.at_rest(method).bytes_per_hour;
    let busiest = |one: &Findings| one.likeness.at_rest(Method::Brokers(1)).busiest_per_hour;
    let lines = vec![
        line("floods and walks", &each(Method::Flood(None))),
        line("neighbours' filters", &each(Method::Guided(512))),
        line("filters of all", &each(Method::Summaries(None))),
        line("filters of all, changes at once", &each(Method::Deltas)),
        line("catalogue at everybody", &each(Method::Catalogue)),
        line("one broker: a member", &each(Method::Brokers(1))),
        line("one broker: the broker", &busiest),
    ];
    let values = lines.iter().flat_map(|line| line.points.iter().map(|(_, value)| *value));
    let y = Axis { label: "bytes in an hour, at each peer", scale: Scale::around(values) };
    let title = "What is sent while nobody searches".to_owned();
    Chart { title, x: size_axis(), y, lines, limit: Some(AT_REST_MAX) }
}

/// Draws, at one size, after how long a saved revision is found.
fn just_saved(findings: &Findings) -> Chart {
    let methods = [
        Method::Flood(Some(5)),
        Method::Flood(None),
        Method::Guided(4096),
        Method::Summaries(None),
        Method::Deltas,
        Method::Catalogue,
        Method::Brokers(1),
    ];
    let line = |method: Method| {
        let measured = findings.measured.iter().find(|measured| measured.method == method);
        let points = measured.into_iter().flat_map(|measured| &measured.newest_by_age);
        let point = |(age_ms, share): &(u64, f64)| (real(*age_ms) / 1e3, share * 100.0);
        Line { label: method.name(), points: points.map(point).collect() }
    };
    let x = Axis { label: "seconds since the newest revision was saved", scale: Scale::Log(-1, 6) };
    let y = Axis { label: "% of searches with it on top", scale: Scale::Even(100.0) };
    let title = "10,000 members: how soon a saved revision is found".to_owned();
    Chart { title, x, y, lines: methods.map(line).into(), limit: None }
}

/// Draws, at one size, what is found for how many messages.
fn trade(findings: &Findings) -> Chart {
    let point = |method: &Method| {
        let measured = findings.measured.iter().find(|measured| measured.method == *method)?;
        // One message less than one is not seen: the catalogue needs none, and stands at the left edge.
        Some((measured.messages.max(1.0), measured.recall * 100.0))
    };
    let line = |label: &str, methods: &[Method]| Line {
        label: label.to_owned(),
        points: methods.iter().filter_map(point).collect(),
    };
    let budgets = [64, 512, 4096];
    let lines = vec![
        line("floods: 3, 5, 7 hops, no limit", &[Some(3), Some(5), Some(7), None].map(Method::Flood)),
        line("walks: 64, 512, 4096 messages", &budgets.map(Method::Walk)),
        line("guided walks: the same", &budgets.map(Method::Guided)),
        line("neighbours and 32 calls", &[Method::Connected(32)]),
        line("filters of all: 64 asked, all", &[Some(64), None].map(Method::Summaries)),
        line("filters of all, changes at once", &[Method::Deltas]),
        line("one broker", &[Method::Brokers(1)]),
        line("catalogue (0 messages)", &[Method::Catalogue]),
    ];
    let x = Axis { label: "messages of one search", scale: Scale::Log(0, 6) };
    let y = Axis { label: "% of copies at members who are here", scale: Scale::Even(100.0) };
    Chart { title: "10,000 members: found for how many messages".to_owned(), x, y, lines, limit: None }
}
