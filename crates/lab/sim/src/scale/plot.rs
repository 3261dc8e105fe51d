//! Line charts as SVG that can be read on light and on dark paper, and without telling colours apart.

/// Where the drawing is on the paper, in points.
const LEFT: f64 = 78.0;
const TOP: f64 = 44.0;
const WIDTH: f64 = 470.0;
const HEIGHT: f64 = 330.0;
const PAPER: (u32, u32) = (860, 436);

/// What lies on one axis.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    /// What it measures, with the unit.
    pub(super) label: &'static str,
    pub(super) scale: Scale,
}

/// How values lie on an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// By powers of ten, from one to another.
    Log(i32, i32),
    /// Evenly, from 0 to so much.
    Even(f64),
}

impl Scale {
    /// Finds the powers of ten that hold all values above 0.
    pub(super) fn around(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, 1.0_f64);
        for value in values.filter(|value| *value > 0.0) {
            least = least.min(value);
            most = most.max(value);
        }
        let (mut low, mut high) = (0, 1);
        while low > -3 && least < 10_f64.powi(low) {
            low -= 1;
        }
        while least.is_finite() && least >= 10_f64.powi(low + 1) {
            low += 1;
        }
        while most > 10_f64.powi(high) {
            high += 1;
        }
        Self::Log(low.min(high - 1), high)
    }

    /// Returns where a value lies, 0 at the start and 1 at the end; none if it can't be shown.
    fn place(self, value: f64) -> Option<f64> {
        let place = match self {
            Self::Log(low, high) if value > 0.0 => (value.log10() - f64::from(low)) / f64::from(high - low),
            Self::Log(..) => return None,
            Self::Even(most) => value / most,
        };
        (-0.001..=1.001).contains(&place).then_some(place)
    }

    /// Returns the values to be marked, with their texts.
    fn marks(self) -> Vec<(f64, String)> {
        match self {
            Self::Log(low, high) => {
                (low..=high).map(|power| (10_f64.powi(power), power_of_ten(power))).collect()
            }
            Self::Even(most) => (0..=5)
                .map(|part| {
                    let value = most * f64::from(part) / 5.0;
                    (value, format!("{value:.0}"))
                })
                .collect(),
        }
    }
}

/// One line of a chart.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) label: String,
    pub(super) points: Vec<(f64, f64)>,
}

/// A chart.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
    /// A value of the y axis that is not to be passed, and why.
    pub(super) limit: Option<(f64, &'static str)>,
}

/// Colours of the lines on light and on dark paper.
const COLOURS: [(&str, &str); 10] = [
    ("#b3261e", "#ff8a80"),
    ("#e08600", "#ffb74d"),
    ("#8a6d00", "#ffe082"),
    ("#00796b", "#4dd0c0"),
    ("#0277bd", "#64b5f6"),
    ("#303f9f", "#9fa8ff"),
    ("#8e24aa", "#e29bf0"),
    ("#c2185b", "#ff80ab"),
    ("#2e7d32", "#81c784"),
    ("#5d4037", "#bcaaa4"),
];

/// Lines are told apart by dashes, too.
const DASHES: [&str; 3] = ["none", "7 4", "2 3"];

impl Chart {
    /// Draws it.
    pub(super) fn svg(&self) -> String {
        let mut svg = self.head();
        self.draw_axes(&mut svg);
        for (number, line) in self.lines.iter().enumerate() {
            self.draw_line(&mut svg, number, line);
        }
        if let Some((value, why)) = self.limit
            && let Some(place) = self.y.scale.place(value)
        {
            let y = TOP + HEIGHT * (1.0 - place);
            svg.push_str(&format!(
                "<line class=\"limit\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\">{}</text>\n",
                LEFT + WIDTH,
                LEFT + 6.0,
                y - 5.0,
                escaped(why)
            ));
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn head(&self) -> String {
        let (width, height) = PAPER;
        let title = escaped(&self.title);
        let mut style = "svg{color:#1b1f24;fill:currentColor;font:13px system-ui,sans-serif}\
             .grid{stroke:currentColor;stroke-opacity:.16}.axis{stroke:currentColor}\
             .limit{stroke:currentColor;stroke-width:1.5;stroke-dasharray:1 4;stroke-linecap:round}\
             .line{fill:none;stroke-width:2}.title{font-weight:600;font-size:15px}\n"
            .to_owned();
        let rule =
            |number: usize, colour: &str| format!(".c{number}{{stroke:{colour}}}.d{number}{{fill:{colour}}}");
        for (number, (light, _)) in COLOURS.iter().enumerate() {
            style.push_str(&rule(number, light));
        }
        style.push_str("\n@media (prefers-color-scheme: dark){svg{color:#e6e9ee}");
        for (number, (_, dark)) in COLOURS.iter().enumerate() {
            style.push_str(&rule(number, dark));
        }
        style.push('}');
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n<style>{style}</style>\n\
             <text class=\"title\" x=\"{LEFT}\" y=\"22\">{title}</text>\n"
        )
    }

    fn draw_axes(&self, svg: &mut String) {
        let (right, bottom) = (LEFT + WIDTH, TOP + HEIGHT);
        for (value, text) in self.x.scale.marks() {
            let x = LEFT + WIDTH * self.x.scale.place(value).unwrap_or(0.0);
            svg.push_str(&format!(
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
                 <text text-anchor=\"middle\" x=\"{x:.1}\" y=\"{}\">{text}</text>\n",
                bottom + 19.0
            ));
        }
        for (value, text) in self.y.scale.marks() {
            let y = TOP + HEIGHT * (1.0 - self.y.scale.place(value).unwrap_or(0.0));
            svg.push_str(&format!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text text-anchor=\"end\" x=\"{}\" y=\"{:.1}\">{text}</text>\n",
                LEFT - 8.0,
                y + 4.0
            ));
        }
        let middle = TOP + HEIGHT / 2.0;
        svg.push_str(&format!(
            "<path class=\"axis\" fill=\"none\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>\n\
             <text text-anchor=\"middle\" x=\"{}\" y=\"{}\">{}</text>\n\
             <text text-anchor=\"middle\" transform=\"translate(20 {middle}) rotate(-90)\">{}</text>\n",
            LEFT + WIDTH / 2.0,
            bottom + 44.0,
            escaped(self.x.label),
            escaped(self.y.label)
        ));
    }

    fn draw_line(&self, svg: &mut String, number: usize, line: &Line) {
        let colour = number % COLOURS.len();
        let dashes = DASHES.get(number % DASHES.len()).copied().unwrap_or("none");
        let places: Vec<(f64, f64)> = line
            .points
            .iter()
            .filter_map(|(x, y)| Some((self.x.scale.place(*x)?, self.y.scale.place(*y)?)))
            .map(|(x, y)| (LEFT + WIDTH * x, TOP + HEIGHT * (1.0 - y)))
            .collect();
        let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let polyline = |points: &str| {
            format!("<polyline class=\"line c{colour}\" stroke-dasharray=\"{dashes}\" points=\"{points}\"/>")
        };
        let dot = |(x, y): (f64, f64)| {
            format!("<circle class=\"d{colour}\" r=\"3.5\" cx=\"{x:.1}\" cy=\"{y:.1}\"/>")
        };
        svg.push_str(&polyline(&path.join(" ")));
        svg.extend(places.into_iter().map(dot));
        let x = LEFT + WIDTH + 18.0;
        let y = TOP + 10.0 + 23.0 * f64::from(super::lists::number(number));
        svg.push_str(&polyline(&format!("{x},{y} {},{y}", x + 30.0)));
        svg.push_str(&dot((x + 15.0, y)));
        // What is nothing everywhere has no place among powers of ten.
        let none = match line.points.as_slice() {
            [] => " (none)",
            points if path.is_empty() && points.iter().all(|(_, value)| *value <= 0.0) => " (0)",
            _ => "",
        };
        svg.push_str(&format!(
            "<text x=\"{}\" y=\"{}\">{}{none}</text>\n",
            x + 38.0,
            y + 4.0,
            escaped(&line.label)
        ));
    }
}

fn power_of_ten(power: i32) -> String {
    let digits = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"];
    let raised = |digit: u32| usize::try_from(digit).ok().and_then(|digit| digits.get(digit).copied());
    let text: String =
        power.unsigned_abs().to_string().chars().filter_map(|c| c.to_digit(10)).filter_map(raised).collect();
    match power {
        0 => "1".to_owned(),
        1 => "10".to_owned(),
        _ if power < 0 => format!("10⁻{text}"),
        _ => format!("10{text}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
