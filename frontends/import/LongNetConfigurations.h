// Configurations of LongNets as their libraries write them.
#pragma once

#include "frontends/import/Configuration.h"
#include "frontends/import/LongNetSpec.h"

namespace rondo {

// torchscale's DecoderConfig with segment_length and dilated_ratio (its attributes as JSON).
LongNetDescription describeTorchscaleLongNet(Configuration &configuration);

} // namespace rondo
