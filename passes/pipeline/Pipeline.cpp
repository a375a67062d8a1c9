// The order of the stages from the graph to kernels.
#include "passes/pipeline/Pipeline.h"

#include "mlir/Transforms/Passes.h"
#include "passes/derive/Passes.h"
#include "passes/differentiate/Passes.h"
#include "passes/fuse/Passes.h"
#include "passes/plan/Passes.h"
#include "passes/schedule/Passes.h"
#include "passes/tile/Passes.h"

using namespace mlir;

void rondo::addGraphPasses(OpPassManager &manager, const PipelineOptions &options) {
  // derive: one function with static shapes per entry point, states explicit.
  DeriveEntriesOptions derive;
  derive.entries = options.entries;
  manager.addPass(createDeriveEntries(derive));
  // One rotary table, one set of positions and one value per parameter serve all layers.
  manager.addPass(createCSEPass());
  // differentiate: the backward pass and the optimiser of training entries.
  manager.addPass(createDifferentiate());
  manager.addPass(createInsertOptimizer());
  RematerialiseOptions rematerialise;
  rematerialise.budget = options.remat;
  manager.addPass(createRematerialise(rematerialise));
  // schedule: parallel, recurrent or chunkwise for each sequence op.
  ChooseScheduleOptions schedule;
  schedule.target = options.target;
  schedule.schedule = options.schedule;
  manager.addPass(createChooseSchedule(schedule));
}

void rondo::addKernelPasses(OpPassManager &manager, const PipelineOptions &options) {
  // fuse: roots with the pointwise ops around them.
  manager.addPass(createFormGroups({options.target}));
  // plan: storage order of parameters, then places of results.
  manager.addPass(createAssignLayouts({options.target}));
  manager.addPass(createPlanMemory());
  // tile: one kernel per distinct group; groups become commands.
  manager.addPass(createBuildKernels({.target = options.target, .bf16Products = options.bf16Products}));
}
