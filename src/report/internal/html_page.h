// The fixed parts of the HTML report: its style and its script. Neighbour: report/html.cc writes what is between.
#pragma once

#include <string_view>

namespace ameia::report::internal {

// Colours meet WCAG AA on both grounds; a severity is always written as a word too.
inline constexpr std::string_view kHtmlStyle = R"css(
:root{color-scheme:light dark;--bg:#f7f7f5;--card:#fff;--ink:#1d2126;--soft:#58616b;--line:#dfe2e5;--code:#f0f1f2;--accent:#0b5cad;
--critical:#a1124a;--high:#c0341d;--medium:#946200;--low:#1f6f8b;--info:#5a6673;--good:#22713f;--track:#e6e8ea}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1d2125;--ink:#e8eaed;--soft:#a3adb8;--line:#343a41;--code:#282d33;--accent:#7cb8ff;
--critical:#ff7aa8;--high:#ff8a70;--medium:#e5b34a;--low:#6cc4e0;--info:#a9b4c0;--good:#6fcf8f;--track:#31373e}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main,header,footer{max-width:70rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.75rem}
h1{font-size:1.5rem;line-height:1.2;margin:0}
h2{font-size:1.15rem;margin:2rem 0 .75rem}
h3{font-size:.78rem;letter-spacing:.04em;text-transform:uppercase;color:var(--soft);margin:0 0 .75rem;font-weight:600}
p{margin:.3rem 0}
.soft{color:var(--soft)}
.cards{display:grid;grid-template-columns:minmax(15rem,1fr) minmax(15rem,1.2fr) minmax(15rem,1.4fr);gap:1rem;margin-top:1.25rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.15rem}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{fill:var(--ink);font-size:13px}
svg .soft{fill:var(--soft)}
.s4{--c:var(--critical)}.s3{--c:var(--high)}.s2{--c:var(--medium)}.s1{--c:var(--low)}.s0{--c:var(--info)}
svg .s0,svg .s1,svg .s2,svg .s3,svg .s4{fill:var(--c)}
.rings{display:flex;gap:1rem;justify-content:space-around}
.rings figure{margin:0;text-align:center;flex:1;max-width:9rem}
.ring{fill:none;stroke:var(--track);stroke-width:11}
.ring.on{stroke:var(--accent);stroke-linecap:butt}
svg .big{font-size:26px;font-weight:650}
figcaption{font-size:.85rem;color:var(--soft);margin-top:.35rem}
.bar{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:1.5rem 0 .75rem;position:sticky;top:0;background:var(--bg);padding:.6rem 0;z-index:1}
.bar input[type=search]{flex:1 1 14rem;min-width:0;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.5rem .7rem}
.bar label{display:inline-flex;gap:.35rem;align-items:center;border:1px solid var(--line);background:var(--card);border-radius:8px;padding:.4rem .6rem;font-size:.88rem;cursor:pointer}
.bar button{font:inherit;font-size:.88rem;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.4rem .7rem;cursor:pointer}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
details{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--c,var(--line));border-radius:8px;margin:.6rem 0}
summary{display:grid;grid-template-columns:5.2rem minmax(0,1fr) auto;gap:.75rem;align-items:baseline;padding:.65rem .95rem;cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
.sev{color:var(--c);font-weight:650;font-size:.85rem}
.id{color:var(--soft);font-size:.85rem;white-space:nowrap}
.n{color:var(--soft);font-size:.85rem;white-space:nowrap}
.title{font-weight:600;overflow-wrap:anywhere}
.body{padding:.1rem .95rem .9rem;border-top:1px solid var(--line)}
dl{display:grid;grid-template-columns:3rem minmax(0,1fr);gap:.25rem .75rem;margin:.75rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
ul.places{list-style:none;margin:.5rem 0 0;padding:0}
.places li{padding:.5rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
.places .head{display:flex;flex-wrap:wrap;gap:.1rem 1rem;justify-content:space-between}
code{font:.86em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:var(--code);border-radius:4px;padding:.1em .35em;overflow-wrap:anywhere}
.tags{display:flex;flex-wrap:wrap;gap:.3rem}
a{color:var(--accent);overflow-wrap:anywhere}
.fw table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line)}
.fw thead th{white-space:nowrap}
.fw th,.fw td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-top:1px solid var(--line);overflow-wrap:anywhere}
.fw td:first-child,.fw .st{white-space:nowrap}
.fw .pass .st{color:var(--good);font-weight:650}.fw .fail .st,.fw .error .st{color:var(--high);font-weight:650}
.js{display:none}.on .js{display:flex}
[hidden]{display:none!important}
footer{padding-top:1rem;padding-bottom:2rem;margin-top:2rem;font-size:.85rem;color:var(--soft)}
@media (max-width:56rem){.cards{grid-template-columns:1fr}}
@media (max-width:40rem){main,header,footer{padding-left:.85rem;padding-right:.85rem}
summary{grid-template-columns:minmax(0,1fr) auto;gap:.1rem .75rem}summary .title{grid-column:1/-1;grid-row:2}
.bar{position:static}.bar input[type=search]{flex-basis:100%}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--code:#f2f2f2;--accent:#000;--track:#ddd;
--critical:#8a0f40;--high:#a52b17;--medium:#7a5100;--low:#18586e;--info:#444}
body{font-size:10.5pt}.bar{display:none!important}.cards{grid-template-columns:1fr 1fr 1fr;gap:.5rem}.card{padding:.6rem}
details,.card{break-inside:auto}summary,.places li,svg{break-inside:avoid}summary{break-after:avoid}h2{break-after:avoid}
details::details-content{content-visibility:visible;height:auto}a{text-decoration:none}}
@media (prefers-reduced-motion:no-preference){details{scroll-margin-top:5rem}}
)css";

// Filters what is already on the page. Without it everything is shown, open.
inline constexpr std::string_view kHtmlScript = R"js(
(function(){
var root=document.documentElement,groups=[].slice.call(document.querySelectorAll('details.g'));
root.classList.add('on');
var open=groups.map(function(g,i){return i<3});
groups.forEach(function(g,i){g.open=open[i]});
var q=document.getElementById('q'),boxes=[].slice.call(document.querySelectorAll('.bar input[type=checkbox]')),none=document.getElementById('none'),
all=document.getElementById('all'),timer=0;
var texts=groups.map(function(g){return {head:(g.querySelector('summary').textContent+' '+g.querySelector('.about').textContent).toLowerCase(),
rows:[].slice.call(g.querySelectorAll('.places li')).map(function(li){return {li:li,text:li.textContent.toLowerCase()}})}});
function apply(){
var words=q.value.toLowerCase().split(/\s+/).filter(Boolean),on={},shown=0;
boxes.forEach(function(b){on[b.value]=b.checked});
groups.forEach(function(g,i){
var t=texts[i],hits=0;
if(on[g.dataset.s]){t.rows.forEach(function(r){
var ok=words.every(function(w){return r.text.indexOf(w)>=0||t.head.indexOf(w)>=0});
r.li.hidden=!ok;if(ok)hits++});
if(!t.rows.length&&words.every(function(w){return t.head.indexOf(w)>=0}))hits=1}
g.hidden=!hits;shown+=hits;
if(words.length&&hits)g.open=true;else if(!words.length)g.open=open[i]});
none.hidden=shown>0}
q.addEventListener('input',function(){clearTimeout(timer);timer=setTimeout(apply,120)});
boxes.forEach(function(b){b.addEventListener('change',apply)});
all.addEventListener('click',function(){var want=groups.some(function(g){return !g.open});groups.forEach(function(g,i){g.open=open[i]=want});
all.textContent=want?all.dataset.close:all.dataset.open});
addEventListener('beforeprint',function(){groups.forEach(function(g){g.dataset.o=g.open?'1':'';g.open=true})});
addEventListener('afterprint',function(){groups.forEach(function(g){g.open=!!g.dataset.o})});
})();
)js";

}  // namespace ameia::report::internal
