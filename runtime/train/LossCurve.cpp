// Writes SVG by hand: a handful of lines, paths and labels.
#include "runtime/train/LossCurve.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rondo::rt {
namespace {

constexpr double kWidth = 800, kHeight = 450;
constexpr double kLeft = 70, kRight = 780, kTop = 44, kBottom = 396; // of the plot
constexpr size_t kMostPoints = 600;
constexpr int kTicks = 8; // about so many
constexpr const char *kTrainingColour = "#1f6fb4", *kValidationColour = "#d1570b";

struct Point {
  double x, y;
};

// From data to the picture.
struct Axis {
  double low, high, begin, end; // [low, high] lies on [begin, end]
  double step;                  // between ticks

  double at(double value) const { return begin + (value - low) / (high - low) * (end - begin); }
};

// 1, 2 or 5 times a power of ten, so that about kTicks fit.
double tickStep(double range) {
  double rough = range / kTicks, power = std::pow(10, std::floor(std::log10(rough)));
  for (double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough)
      return factor * power;
  return 10 * power;
}

// Widened to whole ticks.
Axis axisOf(double low, double high, double begin, double end, double leastStep) {
  if (high - low < 1e-9 * std::max(std::abs(low), 1.0))
    high = low + std::max(leastStep, 1e-3 * std::max(std::abs(low), 1.0));
  double step = std::max(tickStep(high - low), leastStep);
  return {std::floor(low / step + 1e-9) * step, std::ceil(high / step - 1e-9) * step, begin, end, step};
}

// Means over stretches of steps where there are too many points to tell apart.
std::vector<Point> thinned(absl::Span<const LossPoint> points) {
  std::vector<Point> finite, means;
  for (const LossPoint &point : points)
    if (std::isfinite(point.loss))
      finite.push_back({static_cast<double>(point.step), point.loss});
  if (finite.size() <= kMostPoints)
    return finite;
  for (size_t i = 0; i < kMostPoints; ++i) {
    size_t begin = i * finite.size() / kMostPoints, end = (i + 1) * finite.size() / kMostPoints;
    Point sum = {0, 0};
    for (size_t k = begin; k < end; ++k)
      sum = {sum.x + finite[k].x, sum.y + finite[k].y};
    double count = static_cast<double>(end - begin);
    means.push_back({sum.x / count, sum.y / count});
  }
  return means;
}

std::string escaped(const std::string &text) {
  std::string out;
  for (char c : text) {
    if (c == '<' || c == '>' || c == '&')
      absl::StrAppend(&out, c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;");
    else
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

std::string label(double x, double y, const char *anchor, const std::string &text) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor,
                         escaped(text));
}

std::string line(double x1, double y1, double x2, double y2, const char *colour) {
  return absl::StrFormat("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x1, y1,
                         x2, y2, colour);
}

// As many decimals as the distance of ticks needs.
std::string tickText(double value, double step) {
  int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 9);
  return absl::StrFormat("%.*f", decimals, value + 0.0);
}

std::string grid(const Axis &x, const Axis &y) {
  std::string out;
  for (int i = 0; y.low + i * y.step <= y.high * (1 + 1e-9) + 1e-12; ++i) {
    double value = y.low + i * y.step, at = y.at(value);
    out += line(kLeft, at, kRight, at, "#e4e4e4") + label(kLeft - 8, at + 4, "end", tickText(value, y.step));
  }
  for (int i = 0; x.low + i * x.step <= x.high * (1 + 1e-9); ++i) {
    double value = x.low + i * x.step, at = x.at(value);
    out += line(at, kBottom, at, kBottom + 5, "#444") +
           label(at, kBottom + 20, "middle", tickText(value, x.step));
  }
  return out + line(kLeft, kBottom, kRight, kBottom, "#444") + line(kLeft, kTop, kLeft, kBottom, "#444");
}

std::string curve(const std::vector<Point> &points, const Axis &x, const Axis &y, const char *colour) {
  if (points.empty())
    return {};
  std::string out = "<polyline fill=\"none\" stroke-width=\"1.5\" stroke-linejoin=\"round\" points=\"";
  for (const Point &point : points)
    absl::StrAppendFormat(&out, "%s%.1f,%.1f", out.back() == '"' ? "" : " ", x.at(point.x), y.at(point.y));
  return absl::StrCat(out, "\" stroke=\"", colour, "\"/>\n");
}

std::string dots(const std::vector<Point> &points, const Axis &x, const Axis &y, const char *colour) {
  std::string out;
  for (const Point &point : points)
    absl::StrAppendFormat(&out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", x.at(point.x),
                          y.at(point.y), colour);
  return out;
}

std::string legend(double x, const char *colour, const std::string &text) {
  return absl::StrFormat("<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"4\" fill=\"%s\"/>\n", x,
                         kTop - 13, colour) +
         label(x + 20, kTop - 7, "start", text);
}

} // namespace

std::string lossCurveSvg(const std::string &title, absl::Span<const LossPoint> training,
                         absl::Span<const LossPoint> validation) {
  std::vector<Point> train = thinned(training), checked = thinned(validation);
  Point low = {0, 0}, high = {1, 1};
  bool first = true;
  for (const std::vector<Point> *points : {&train, &checked})
    for (const Point &point : *points) {
      low.y = first ? point.y : std::min(low.y, point.y);
      high.y = first ? point.y : std::max(high.y, point.y);
      high.x = std::max(high.x, point.x);
      first = false;
    }
  Axis x = axisOf(0, high.x, kLeft, kRight, 1), y = axisOf(low.y, high.y, kBottom, kTop, 0);
  std::string out = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
      "font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n<rect width=\"100%%\" height=\"100%%\" "
      "fill=\"#fff\"/>\n",
      kWidth, kHeight, kWidth, kHeight);
  absl::StrAppend(&out, label(kLeft, 18, "start", title), grid(x, y), curve(train, x, y, kTrainingColour),
                  curve(checked, x, y, kValidationColour), dots(checked, x, y, kValidationColour),
                  legend(kRight - 250, kTrainingColour, "training"),
                  checked.empty() ? "" : legend(kRight - 150, kValidationColour, "validation"),
                  label((kLeft + kRight) / 2, kHeight - 10, "middle", "step"));
  absl::StrAppendFormat(&out,
                        "<text transform=\"translate(18 %.1f) rotate(-90)\" text-anchor=\"middle\">loss "
                        "(nats per token)</text>\n</svg>\n",
                        (kTop + kBottom) / 2);
  return out;
}

} // namespace rondo::rt
