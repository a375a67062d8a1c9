// The order of the stages from the graph to kernels.
#pragma once

#include "mlir/Pass/PassManager.h"

#include <string>

namespace rondo {

struct PipelineOptions {
  std::string entries;           // "forward:B=2,T=64;decode:B=1"
  std::string schedule = "auto"; // parallel, recurrent, chunkwise[:C], auto
  std::string target = "cpu";
  std::string remat = "auto"; // auto, none, a number of bytes
  bool bf16Products = false;  // operands of products are rounded to bf16
};

// From the graph that the spec front end leaves to entry points whose sequence ops have schedules: what can
// be explained to people in terms of the model's ops.
void addGraphPasses(mlir::OpPassManager &manager, const PipelineOptions &options);

// From there to lists of commands and tile kernels.
void addKernelPasses(mlir::OpPassManager &manager, const PipelineOptions &options);

} // namespace rondo
