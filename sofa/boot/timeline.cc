#include "sofa/boot/timeline.h"

#include <algorithm>

#include <fmt/format.h>

#include "sofa/base/json_text.h"

namespace sofa::boot {
namespace {

struct Bounds {
  io::TimePoint begin = io::kNever;
  io::TimePoint end{};
};

Bounds bounds_of(std::span<const ModuleInfo> modules) {
  Bounds bounds;
  for (const ModuleInfo& module : modules) {
    for (const ModuleInstance::Step& step : module.steps) {
      bounds.begin = std::min(bounds.begin, step.began);
      bounds.end = std::max(bounds.end, step.began + step.took);
    }
  }
  return bounds;
}

double in_ms(io::Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Start of {0}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1f2933; background: #fff; }}
h1 {{ font-size: 1.3rem; }} p {{ color: #52606d; }}
table {{ border-collapse: collapse; width: 100%; }}
td, th {{ padding: .3rem .6rem; text-align: left; border-bottom: 1px solid #e4e7eb; white-space: nowrap; }}
td.line {{ width: 60%; padding: 0; position: relative; }}
td.line span {{ position: absolute; top: .5rem; height: .8rem; min-width: 2px; border-radius: 2px; }}
.read {{ background: #9fb3c8; }} .load {{ background: #627d98; }} .start {{ background: #2186eb; }} .ready {{ background: #57ae5b; }}
td.broken {{ color: #ba2525; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #1f2933; color: #e4e7eb; }} p {{ color: #9aa5b1; }} td, th {{ border-color: #3e4c59; }} }}
</style></head><body>
<h1>Start of {0}</h1>
<p>{1} modules in {2:.1f} ms. Bars: <b class="read">&nbsp;</b> read, <b class="load">&nbsp;</b> load, <b class="start">&nbsp;</b> start,
<b class="ready">&nbsp;</b> ready; the numbers are milliseconds.</p>
<table><tr><th>module</th><th>version</th><th>state</th><th>requires</th><th>ms</th><th>timeline</th></tr>
)";

}  // namespace

std::string timeline_json(std::span<const ModuleInfo> modules) {
  const Bounds bounds = bounds_of(modules);
  std::string out = "[";
  for (const ModuleInfo& module : modules) {
    for (const ModuleInstance::Step& step : module.steps) {
      if (out.size() > 1) out += ',';
      out += "{\"module\":";
      append_json_string(out, module.name);
      out += ",\"version\":";
      append_json_string(out, module.version);
      out += ",\"step\":";
      append_json_string(out, step.name);
      out += fmt::format(",\"at_ms\":{:.3f},\"ms\":{:.3f}}}", in_ms(step.began - bounds.begin), in_ms(step.took));
    }
  }
  return out + "]";
}

std::string timeline_html(std::string_view app, std::span<const ModuleInfo> modules) {
  const Bounds bounds = bounds_of(modules);
  const double whole = modules.empty() ? 1 : std::max(in_ms(bounds.end - bounds.begin), 0.001);
  std::string out = fmt::format(kHead, escaped(app), modules.size(), whole);
  for (const ModuleInfo& module : modules) {
    std::string bars;
    double sum = 0;
    for (const ModuleInstance::Step& step : module.steps) {
      const double at = in_ms(step.began - bounds.begin), took = in_ms(step.took);
      sum += took;
      bars += fmt::format("<span class=\"{}\" style=\"left:{:.2f}%;width:{:.2f}%\" title=\"{} {:.3f} ms\"></span>",
                          escaped(step.name), at / whole * 100, took / whole * 100, escaped(step.name), took);
    }
    const bool is_broken = module.state == ModuleState::kBroken;
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td{}>{}</td><td>{}</td><td>{:.3f}</td><td class=\"line\">{}</td></tr>\n",
        escaped(module.name), escaped(module.version), is_broken ? " class=\"broken\"" : "", to_string(module.state),
        escaped(fmt::format("{}", fmt::join(module.requires_modules, ", "))), sum, bars);
  }
  return out + "</table></body></html>\n";
}

}  // namespace sofa::boot
