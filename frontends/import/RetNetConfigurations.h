// Configurations of RetNets as their libraries write them.
#pragma once

#include "frontends/import/Configuration.h"
#include "frontends/import/RetNetSpec.h"

namespace rondo {

// torchscale's RetNetConfig (its attributes as JSON).
RetNetDescription describeTorchscaleRetNet(Configuration &configuration);
// flash-linear-attention's RetNetConfig (config.json of a Hugging Face folder).
RetNetDescription describeFlaRetNet(Configuration &configuration);

} // namespace rondo
