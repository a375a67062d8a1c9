// Training entries of specs against the conformance vectors, evaluated in float64: gradients of bare
// retention through vjp, losses and gradients of whole RetNets through grad.
#include "frontends/import/RetNetConfigurations.h"
#include "frontends/spec/LoadSpec.h"
#include "passes/differentiate/Passes.h"
#include "test/evaluator/TrainingModel.h"
#include "test/evaluator/VectorFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

constexpr double kOp = 1e-11, kLoss = 1e-10,
                 kGradient = 1e-6; // of float64 programs, as the vectors state them
const std::string kFolder = RONDO_SOURCE_DIR "/test/conformance/";

// Relative to the largest element of the reference, however small that is.
double errorOf(const Tensor &reference, const Tensor &found) {
  if (reference.shape != found.shape)
    return std::numeric_limits<double>::infinity();
  double largest = 1e-300, difference = 0;
  for (auto [a, b] : llvm::zip_equal(reference.data, found.data)) {
    largest = std::max(largest, std::abs(a));
    difference = std::isnan(b) ? b : std::max(difference, std::abs(a - b));
  }
  return difference / largest;
}

class SpecEntries {
public:
  SpecEntries() {
    registerReferences(registry);
    registerSpecFrontend(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }
  OwningOpRef<ModuleOp> load(const std::string &path, const SpecSettings &settings,
                             const std::string &entries) {
    llvm::SourceMgr sources;
    OwningOpRef<ModuleOp> graph = loadSpec(path, settings, sources, &context);
    OwningOpRef<ModuleOp> module = graph ? derive(*graph, entries) : OwningOpRef<ModuleOp>();
    PassManager manager(&context);
    manager.addPass(createDifferentiate());
    if (!module || failed(manager.run(*module)))
      return {};
    return module;
  }

private:
  DialectRegistry registry;
  MLIRContext context;
};

// ---- bare retention

// `[B, H, T, dim]` <-> `[B, T, H, dim]`.
Tensor swapped(const Tensor &x) {
  Tensor y({x.size(0), x.size(2), x.size(1), x.size(3)});
  for (int64_t b = 0; b < x.size(0); ++b)
    for (int64_t i = 0; i < x.size(1); ++i)
      for (int64_t j = 0; j < x.size(2); ++j)
        for (int64_t d = 0; d < x.size(3); ++d)
          y.at({b, j, i, d}) = x.at({b, i, j, d});
  return y;
}

class RetentionGradients : public testing::TestWithParam<const char *> {};

TEST_P(RetentionGradients, ThroughVjp) {
  static const Tensors all = readVectors(kFolder + "vectors/retention_op.safetensors");
  std::string prefix = std::string(GetParam()) + ".";
  auto vector = [&](const char *name) { return all.at(prefix + name); };
  Tensor q = swapped(vector("q")), v = swapped(vector("v")), gamma = vector("gamma");
  int64_t batch = q.size(0), time = q.size(1), heads = q.size(2);
  Tensors inputs{{"q", q},
                 {"k", swapped(vector("k"))},
                 {"v", v},
                 {"log_decay", Tensor({batch, time, heads})},
                 {"state.retention", Tensor({batch, heads, q.size(3), v.size(3)})},
                 {"cotangent.o", swapped(vector("d_o"))},
                 {"cotangent.state.retention", vector("d_s_out")}};
  for (auto [i, log] : llvm::enumerate(inputs["log_decay"].data))
    log = std::log(gamma.data[i % gamma.data.size()]);
  bool hasState = all.count(prefix + "s_in");
  if (hasState)
    inputs["state.retention"] = vector("s_in");

  SpecSettings sizes;
  for (auto [name, size] :
       {std::pair("heads", heads), std::pair("key_width", q.size(3)), std::pair("value_width", v.size(3))})
    sizes.hypers.emplace_back(name, std::to_string(size));
  SpecEntries entries;
  auto module = entries.load(kFolder + "Inputs/retention-gated.mlir", sizes,
                             "vjp:B=" + std::to_string(batch) + ",T=" + std::to_string(time));
  ASSERT_TRUE(module);
  Tensors found = evaluateEntry(*module, "vjp", {}, {}, inputs);
  EXPECT_LE(errorOf(swapped(vector("o")), found.at("o")), kOp);
  EXPECT_LE(errorOf(vector("s_out"), found.at("state.retention")), kOp);
  EXPECT_LE(errorOf(swapped(vector("dq")), found.at("grad.q")), kOp);
  EXPECT_LE(errorOf(swapped(vector("dk")), found.at("grad.k")), kOp);
  EXPECT_LE(errorOf(swapped(vector("dv")), found.at("grad.v")), kOp);
  if (hasState)
    EXPECT_LE(errorOf(vector("ds_in"), found.at("grad.state.retention")), kOp);
  // d/d gamma of a decay that all tokens share.
  Tensor dGamma(gamma.shape);
  for (auto [i, gradient] : llvm::enumerate(found.at("grad.log_decay").data))
    dGamma.data[i % gamma.data.size()] += gradient / gamma.data[i % gamma.data.size()];
  EXPECT_LE(errorOf(vector("dgamma"), dGamma), kOp);
}

INSTANTIATE_TEST_SUITE_P(Cases, RetentionGradients,
                         testing::Values("t1", "t1_state", "t17", "t17_state", "t128", "t128_state",
                                         "t40_extreme"));

// ---- whole models

struct ModelCase {
  const char *name;
  const char *rowScale;
  const char *reference; // before loss_tT and grad_tT
};

void PrintTo(const ModelCase &model, std::ostream *out) { *out << model.name << ' ' << model.rowScale; }

class RetNetGradients : public testing::TestWithParam<ModelCase> {
protected:
  // The imported spec, in a temporary file.
  static std::string writeSpec(const ModelCase &model) {
    std::string description = kFolder + "vectors/" + model.name + ".json";
    auto file = llvm::cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(description)));
    llvm::json::Value json = llvm::cantFail(llvm::json::parse(file->getBuffer()));
    std::string text;
    llvm::raw_string_ostream(text) << *json.getAsObject()->get("config");
    Configuration configuration(text);
    RetNetDescription retnet = StringRef(model.name).ends_with("_fla")
                                   ? describeFlaRetNet(configuration)
                                   : describeTorchscaleRetNet(configuration);
    EXPECT_TRUE(configuration.problems().empty());
    retnet.rowScale = model.rowScale;
    std::string path = testing::TempDir() + model.name + "." + model.rowScale + ".mlir";
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << writeRetNetSpec(retnet);
    EXPECT_FALSE(error);
    return path;
  }
  static Tensors inputsFor(const Tensor &tokens) {
    Tensors inputs{{"tokens", tokens},
                   {"targets", Tensor(tokens.shape)},
                   {"loss_weight", Tensor(tokens.shape)},
                   {"segment_ids", Tensor(tokens.shape)},
                   {"slot", Tensor({tokens.size(0)})},
                   {"seed", Tensor(std::vector<int64_t>{})},
                   {"step", Tensor(std::vector<int64_t>{})}};
    int64_t time = tokens.size(1);
    for (int64_t b = 0; b < tokens.size(0); ++b) {
      inputs["slot"].data[b] = static_cast<double>(b);
      for (int64_t t = 0; t < time; ++t)
        inputs["targets"].at({b, t}) = t + 1 < time ? tokens.at({b, t + 1}) : -1;
    }
    inputs["loss_weight"].data.assign(tokens.data.size(), 1);
    return inputs;
  }
};

TEST_P(RetNetGradients, ThroughGrad) {
  const ModelCase &model = GetParam();
  Tensors all = readVectors(kFolder + "vectors/" + model.name + ".safetensors");
  std::string spec = writeSpec(model);
  int compared = 0;
  for (const auto &[name, tokens] : all) {
    StringRef time = name;
    if (!time.consume_front("input.tokens_t"))
      continue;
    SCOPED_TRACE(name);
    SpecEntries entries;
    auto module = entries.load(spec, {}, "grad:B=" + std::to_string(tokens.size(0)) + ",T=" + time.str());
    ASSERT_TRUE(module);
    Tensors found = evaluateEntry(*module, "grad", all, {}, inputsFor(tokens));
    EXPECT_LE(errorOf(all.at(model.reference + ("loss_t" + time).str()), found.at("loss")), kLoss);
    // Of some lengths the file has losses only.
    std::string prefix = model.reference + ("grad_t" + time + ".").str();
    bool hasGradients = StringRef(all.lower_bound(prefix)->first).starts_with(prefix);
    for (const auto &[output, gradient] : found) {
      StringRef parameter = output;
      if (!hasGradients || !parameter.consume_front("grad."))
        continue;
      const Tensor &expected = all.at(prefix + parameter.str());
      EXPECT_LE(errorOf(expected, gradient), kGradient) << parameter.str();
      ++compared;
    }
  }
  EXPECT_GE(compared, 10);
  llvm::sys::fs::remove(spec);
}

INSTANTIATE_TEST_SUITE_P(
    Models, RetNetGradients,
    testing::Values(ModelCase{"retnet_tiny", "none", "ref.plain."},
                    ModelCase{"retnet_tiny_smallinit", "none", "ref.plain."},
                    ModelCase{"retnet_tiny_tied", "none", "ref.plain."},
                    ModelCase{"retnet_tiny_deepnorm", "none", "ref.plain."},
                    ModelCase{"retnet_tiny_fla", "none", "ref."},
                    ModelCase{"retnet_tiny", "torchscale_parallel", "ref.torchscale.parallel."},
                    ModelCase{"retnet_tiny_smallinit", "torchscale_parallel", "ref.torchscale.parallel."},
                    ModelCase{"retnet_tiny_tied", "torchscale_parallel", "ref.torchscale.parallel."},
                    ModelCase{"retnet_tiny_deepnorm", "torchscale_parallel", "ref.torchscale.parallel."}));

} // namespace
