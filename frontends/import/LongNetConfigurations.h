// Configurations of LongNets as their libraries write them.
#pragma once

#include "frontends/import/Configuration.h"
#include "frontends/import/LongNetSpec.h"

namespace rondo {

// torchscale's DecoderConfig or EncoderConfig with segment_length and dilated_ratio (its attributes as JSON).
// A configuration with the key encoder_embed_dim is an encoder's.
LongNetDescription describeTorchscaleLongNet(Configuration &configuration);

} // namespace rondo
