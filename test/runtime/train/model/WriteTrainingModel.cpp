// Writes the package of the model that learns, for tests of rondo-train: write-training-model FILE
// [train-only].
#include "test/runtime/train/model/TrainingModel.h"

#include <fstream>
#include <string_view>

int main(int argc, char **argv) {
  if (argc < 2)
    return 2;
  rondo::test::TrainingModelOptions options;
  if (argc > 2 && std::string_view(argv[2]) == "train-only")
    options = {.train = true, .accumulate = false, .score = false};
  std::ofstream file(argv[1], std::ios::binary);
  file << rondo::test::trainingModel(options);
  return file.flush() ? 0 : 1;
}
