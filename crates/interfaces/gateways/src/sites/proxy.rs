//! `GET /proxy.pac`: tells browsers that do not find `*.localhost` by themselves to ask this peer for our names.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::gateway::Gateway;
use crate::places::port_suffix;

/// Answers with the configuration. Only our own names and port are sent here: other programs have theirs.
pub(crate) async fn configuration(State(gateway): State<Arc<Gateway>>) -> Response {
    let script = format!(
        "function FindProxyForURL(url, host) {{\n  \
           var name = String(host).toLowerCase();\n  \
           if (name.slice(-10) !== \".localhost\") return \"DIRECT\";\n  \
           var start = \"http://\" + name, address = String(url).toLowerCase();\n  \
           var isOurs = address.indexOf(start + \"{}/\") === 0;\n  \
           var label = name.slice(0, -10);\n  \
           var isNamed = address.indexOf(start + \"/\") === 0 && (label === \"althing\" || label.indexOf(\"--\") > 0);\n  \
           return isOurs || isNamed ? \"PROXY 127.0.0.1:{}\" : \"DIRECT\";\n\
         }}\n",
        port_suffix(gateway.port),
        gateway.port
    );
    ([(CONTENT_TYPE, "application/x-ns-proxy-autoconfig")], script).into_response()
}
