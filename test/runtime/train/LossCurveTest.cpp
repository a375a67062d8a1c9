// The picture: well-formed, complete, of bounded size.
#include "runtime/train/LossCurve.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <regex>
#include <sstream>
#include <vector>

namespace rondo::rt {
namespace {

std::vector<LossPoint> falling(size_t count, double noise = 0) {
  std::vector<LossPoint> points;
  for (size_t i = 1; i <= count; ++i)
    points.push_back({i, 2 + 3.5 * std::exp(-3.0 * double(i) / double(count)) + noise * std::sin(double(i))});
  return points;
}

// The points of the n-th polyline.
std::vector<std::pair<double, double>> polyline(const std::string &svg, int n) {
  std::vector<std::pair<double, double>> points;
  static const std::regex kLine("points=\"([^\"]*)\"");
  std::sregex_iterator it(svg.begin(), svg.end(), kLine), end;
  for (; n > 0 && it != end; --n)
    ++it;
  if (it == end)
    return points;
  std::istringstream in((*it)[1]);
  for (std::string point; in >> point;)
    points.push_back({std::stod(point), std::stod(point.substr(point.find(',') + 1))});
  return points;
}

TEST(LossCurve, drawsBothLines) {
  std::string svg = lossCurveSvg("run", falling(100), {std::vector<LossPoint>{{50, 3}, {100, 2.5}}});
  std::vector<std::pair<double, double>> train = polyline(svg, 0), validation = polyline(svg, 1);
  ASSERT_EQ(train.size(), 100u);
  ASSERT_EQ(validation.size(), 2u);
  for (auto [x, y] : train) {
    EXPECT_TRUE(x >= 70 && x <= 780) << x;
    EXPECT_TRUE(y >= 44 && y <= 396) << y;
  }
  for (size_t i = 1; i < train.size(); ++i) {
    EXPECT_GT(train[i].first, train[i - 1].first);
    EXPECT_GE(train[i].second, train[i - 1].second); // losses fall, so the picture's y grows
  }
  EXPECT_GT(validation[1].second, validation[0].second);
  EXPECT_NE(svg.find(">validation<"), std::string::npos);
  EXPECT_NE(svg.find(">step<"), std::string::npos);
  EXPECT_NE(svg.find(">loss (nats per token)<"), std::string::npos);
}

TEST(LossCurve, labelsTicksWithRoundNumbers) {
  std::string svg = lossCurveSvg("run", falling(100), {});
  for (const char *tick : {">0<", ">20<", ">100<", ">2.0<", ">2.5<", ">5.5<"})
    EXPECT_NE(svg.find(tick), std::string::npos) << tick << "\n" << svg;
  EXPECT_EQ(svg.find(">validation<"), std::string::npos);
}

TEST(LossCurve, staysSmallForLongRuns) {
  std::string svg = lossCurveSvg("run", falling(200000, 0.2), falling(1000));
  EXPECT_LT(svg.size(), 120000u);
  EXPECT_EQ(polyline(svg, 0).size(), 600u);
}

TEST(LossCurve, isTheSameForTheSamePoints) {
  EXPECT_EQ(lossCurveSvg("a", falling(1000), falling(9)), lossCurveSvg("a", falling(1000), falling(9)));
  EXPECT_NE(lossCurveSvg("a", falling(1000), falling(9)), lossCurveSvg("a", falling(1000), falling(10)));
}

TEST(LossCurve, bearsWhatRunsBring) {
  double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  using Points = std::vector<LossPoint>;
  for (const Points &points :
       {Points{}, Points{{1, 2}}, Points{{1, nan}}, Points{{1, 2}, {2, infinity}, {3, 2}},
        Points{{1, 0}, {2, 0}}, Points{{1, 1e30}, {2, 1}}, Points{{1, 1e-9}, {2, 2e-9}},
        Points{{UINT64_MAX, 1.7e308}, {UINT64_MAX, -1.7e308}}}) {
    std::string svg = lossCurveSvg("<&>", points, points);
    EXPECT_LT(svg.size(), 20000u);
    EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
    EXPECT_EQ(svg.find("<&>"), std::string::npos);
  }
}

} // namespace
} // namespace rondo::rt
