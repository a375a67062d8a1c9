// Writes the sample model's package to the file named on the command line, for tests of the programs; with
// "cuda" behind it the one for GPUs.
#include "codegen/package/PackageWriter.h"
#include "test/runtime/sample/SamplePackage.h"

#include <fstream>
#include <string_view>

int main(int argc, char **argv) {
  using namespace rondo;
  bool cuda = argc == 3 && std::string_view(argv[2]) == "cuda";
  if (argc != 2 && !cuda)
    return 2;
  std::ofstream file(argv[1], std::ios::binary);
  file << (cuda ? codegen::writePackage(test::cudaPackageSpec(test::trainingPackageSpec()))
                : test::samplePackage());
  return file.flush() ? 0 : 1;
}
