// The panel layout of matrices [rows, columns]: groups of `panel` rows, in which the rows' elements of one
// column lie side by side, so that a kernel loads them as one vector.
//
//   element (r, c) at ((r / panel) * columns + c) * panel + r % panel; rows are padded with zeros to full
//   panels
#pragma once

#include "absl/types/span.h"

#include <cstdint>

namespace rondo::rt {

// One panel from and to `rows` (at most `panel`) rows of a row-major matrix. `packed` holds columns * panel
// elements.
void packPanel(const float *rowMajor, uint64_t rows, uint64_t columns, uint64_t panel, float *packed);
void unpackPanel(const float *packed, uint64_t rows, uint64_t columns, uint64_t panel, float *rowMajor);

} // namespace rondo::rt
