// All op families of the typed graph.
#ifndef RONDO_DIALECTS_RONDO_RONDOOPS_TD
#define RONDO_DIALECTS_RONDO_RONDOOPS_TD

include "dialects/rondo/attention/AttentionGradOps.td"
include "dialects/rondo/attention/AttentionOps.td"
include "dialects/rondo/extern/ExternOps.td"
include "dialects/rondo/graph/GraphOps.td"
include "dialects/rondo/loss/LossOps.td"
include "dialects/rondo/nn/NnGradOps.td"
include "dialects/rondo/nn/NnOps.td"
include "dialects/rondo/optimizer/OptimizerOps.td"
include "dialects/rondo/random/RandomOps.td"
include "dialects/rondo/retention/RetentionGradOps.td"
include "dialects/rondo/retention/RetentionOps.td"
include "dialects/rondo/state/StateOps.td"

#endif
