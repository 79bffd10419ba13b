#include "pipeline/report/page.hpp"

namespace xxact::report {

const char* page_style() {
  return R"css(
:root{--ink:#24313f;--soft:#5b6875;--line:#d9dee3;--grid:#d9dee3;--page:#f6f7f9;--figure:#ffffff;--link:#005c91;--track:#e9edf1;
--bimodal:#0072b2;--composition:#d55e00;--xrd:#009e73;--baseline:#9aa5b1}
@media (prefers-color-scheme:dark){:root{--ink:#dfe6ec;--soft:#9fb0bf;--line:#36424e;--grid:#36424e;--page:#14191f;--figure:#1c232b;--link:#7cc4f0;
--track:#2a343e;--bimodal:#3d9bd8;--composition:#e87a2b;--xrd:#23b88c;--baseline:#6b7885}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 "Helvetica Neue",Arial,"Liberation Sans",sans-serif}
header,main,nav,footer{max-width:1180px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:1.3rem;margin:0 0 10px}
h3{font-size:1rem;margin:0 0 10px}
.sub,.faint,footer,figcaption{color:var(--soft)}
.faint{font-weight:400;font-size:.86em}
nav{display:flex;flex-wrap:wrap;gap:6px 20px;margin-top:16px;padding-bottom:10px}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
section{background:var(--figure);border:1px solid var(--line);border-radius:10px;padding:22px 26px;margin:18px 0;scroll-margin-top:10px}
p{margin:0 0 14px;max-width:78ch}
.note{color:var(--soft);border-left:3px solid var(--line);padding-left:12px}
.scroll{overflow-x:auto;margin-bottom:14px}
table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{padding:5px 8px;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:600;color:var(--soft);vertical-align:bottom}
.ranking th{white-space:normal;min-width:4.5em}
th.group{text-align:center;color:var(--ink)}
.num{text-align:right}.none{text-align:center;color:var(--soft)}
tr.data th{color:var(--ink);padding-top:14px;border-bottom:1px solid var(--soft)}
tbody tr:not(.data):hover{background:var(--page)}
.mode{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.5em;background:var(--baseline)}
.m-bimodal{background:var(--bimodal)}.m-composition{background:var(--composition)}.m-xrd{background:var(--xrd)}.m-baseline{background:var(--baseline)}
.cards,.grid{display:grid;gap:22px;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr))}
.card{border:1px solid var(--line);border-radius:8px;padding:16px 18px 4px}
.bar{display:grid;grid-template-columns:9.5em 1fr 11em;gap:10px;align-items:center;margin:7px 0;font-size:.9rem}
.track{background:var(--track);border-radius:3px;height:15px;display:block}
.fill{display:block;height:100%;border-radius:3px}
.value{font-variant-numeric:tabular-nums;white-space:nowrap}
.card p{margin-top:12px}
figure{margin:0;min-width:0}
figure svg{width:100%;height:auto;display:block}
figcaption{font-size:.88rem;text-align:center;margin-top:4px;overflow-wrap:anywhere}
details{border-top:1px solid var(--line);padding:8px 0}
summary{cursor:pointer;font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 18px;margin:10px 0;font-size:.9rem}
dt{color:var(--soft)}dd{margin:0;min-width:0;overflow-wrap:anywhere}
code,pre{font:.88em/1.5 "DejaVu Sans Mono",Menlo,Consolas,monospace}
pre{background:var(--page);border:1px solid var(--line);border-radius:6px;padding:10px 14px;overflow-x:auto}
.sources li{margin-bottom:6px}
footer{padding-bottom:40px;font-size:.88rem}
@media (max-width:640px){section{padding:16px}.bar{grid-template-columns:1fr auto}.bar .track{grid-column:1/3;grid-row:2}}
@media print{body{background:#fff}section{break-inside:avoid-page;border:0;padding:0}nav{display:none}}
)css";
}

}  // namespace xxact::report
