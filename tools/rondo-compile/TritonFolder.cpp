// Writes kernels with metadata in the form of Triton 3.x (triton/backends/nvidia/compiler.py and driver.py).
#include "tools/rondo-compile/TritonFolder.h"

#include "runtime/files/AtomicFile.h"
#include "runtime/files/Folder.h"
#include "runtime/format/CudaKernelAbi.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

namespace rondo {
namespace {

using codegen::PackageSpec;

constexpr uint32_t kWarp = 32;

// As Triton's signatures name element types.
std::string typeName(PackageSpec::DType type) {
  switch (type) {
  case PackageSpec::DType::F32:
    return "fp32";
  case PackageSpec::DType::F64:
    return "fp64";
  case PackageSpec::DType::F16:
    return "fp16";
  case PackageSpec::DType::BF16:
    return "bf16";
  case PackageSpec::DType::I8:
    return "i8";
  case PackageSpec::DType::I16:
    return "i16";
  case PackageSpec::DType::I32:
    return "i32";
  case PackageSpec::DType::I64:
    return "i64";
  case PackageSpec::DType::U8:
    return "u8";
  case PackageSpec::DType::Bool:
    return "i1";
  }
  return "i8";
}

const char *accessName(PackageSpec::Access access) {
  return access == PackageSpec::Access::Read    ? "read"
         : access == PackageSpec::Access::Write ? "write"
                                                : "readwrite";
}

// 90 of "cuda:sm_90a".
int64_t architecture(const std::string &target) {
  return std::strtol(target.c_str() + target.find("sm_") + 3, nullptr, 10);
}

absl::Status writeFile(const std::string &path, const void *bytes, size_t size) {
  RONDO_ASSIGN_OR_RETURN(rt::AtomicFile file, rt::AtomicFile::create(path));
  RONDO_RETURN_IF_ERROR(file.write({static_cast<const uint8_t *>(bytes), size}));
  return file.commit();
}

// Of a kernel from elsewhere: its parameters but scratch, in order.
struct Launch {
  llvm::json::Object signature;
  llvm::json::Array parameters;
};

llvm::json::Value numberValue(const PackageSpec::KernelParameter &parameter) {
  switch (parameter.type) {
  case PackageSpec::DType::F32:
    return llvm::bit_cast<float>(static_cast<uint32_t>(parameter.value));
  case PackageSpec::DType::F64:
    return llvm::bit_cast<double>(parameter.value);
  case PackageSpec::DType::I32:
    return static_cast<int32_t>(parameter.value);
  case PackageSpec::DType::I16:
    return static_cast<int16_t>(parameter.value);
  case PackageSpec::DType::I8:
    return static_cast<int8_t>(parameter.value);
  default:
    return static_cast<int64_t>(parameter.value);
  }
}

Launch launchOf(const PackageSpec::Kernel &kernel) {
  using Kind = PackageSpec::ParameterKind;
  Launch launch;
  for (const PackageSpec::KernelParameter &parameter : kernel.parameters) {
    std::string name = "parameter_" + std::to_string(launch.parameters.size());
    if (parameter.kind == Kind::Argument) {
      launch.signature[name] = "*" + typeName(kernel.arguments[parameter.value].dtype);
      launch.parameters.push_back(llvm::json::Object{{"argument", parameter.value}});
    } else if (parameter.kind == Kind::Number) {
      launch.signature[name] = typeName(parameter.type);
      launch.parameters.push_back(llvm::json::Object{{"value", numberValue(parameter)}});
    }
  }
  return launch;
}

} // namespace

std::string tritonMetadata(const PackageSpec::Kernel &kernel, uint64_t workgroups,
                           const std::string &target) {
  llvm::json::Object signature;
  llvm::json::Array arguments;
  for (size_t i = 0; i < kernel.arguments.size(); ++i) {
    const PackageSpec::KernelArgument &argument = kernel.arguments[i];
    signature["buffer_" + std::to_string(i)] = "*" + typeName(argument.dtype);
    arguments.push_back(llvm::json::Object{{"bytes", argument.bytes},
                                           {"type", typeName(argument.dtype)},
                                           {"access", accessName(argument.access)}});
  }
  llvm::json::Object facts{
      {"workgroups", workgroups}, {"source", kernel.source}, {"arguments", std::move(arguments)}};
  if (!kernel.grid.empty()) {
    Launch launch = launchOf(kernel);
    signature = std::move(launch.signature);
    facts["parameters"] = std::move(launch.parameters);
    facts["grid"] = llvm::json::Array(kernel.grid);
  }
  llvm::json::Object metadata{
      {"name", kernel.grid.empty() ? kernel.name : kernel.entry},
      {"target",
       llvm::json::Object{{"backend", "cuda"}, {"arch", architecture(target)}, {"warp_size", kWarp}}},
      {"num_warps", kernel.threads / kWarp},
      {"num_ctas", 1},
      {"num_stages", 1},
      {"cluster_dims", llvm::json::Array{1, 1, 1}},
      {"warp_size", kWarp},
      {"shared", kernel.sharedBytes},
      {"tmem_size", 0},
      {"global_scratch_size", kernel.scratchBytes},
      {"global_scratch_align", RONDO_CUDA_BUFFER_ALIGNMENT},
      {"profile_scratch_size", 0},
      {"profile_scratch_align", 1},
      {"launch_cooperative_grid", false},
      {"launch_pdl", false},
      {"maxnreg", nullptr},
      {"backend_name", "cuda"},
      {"signature", std::move(signature)},
      {"rondo", std::move(facts)}};
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << llvm::formatv("{0:2}", llvm::json::Value(std::move(metadata))) << "\n";
  return text;
}

absl::Status writeTritonFolder(const PackageSpec &package, const std::string &folder) {
  std::map<uint32_t, uint64_t> workgroups;
  for (const PackageSpec::Entry &entry : package.entries)
    for (const PackageSpec::Command &command : entry.commands)
      workgroups[command.kernel] = command.workgroups;
  RONDO_RETURN_IF_ERROR(rt::makeFolders(folder));
  for (size_t i = 0; i < package.kernels.size(); ++i) {
    const PackageSpec::Kernel &kernel = package.kernels[i];
    std::string path = folder + "/" + kernel.name;
    std::string metadata = tritonMetadata(kernel, workgroups[i], package.target);
    RONDO_RETURN_IF_ERROR(writeFile(path + ".ptx", kernel.ptx.data(), kernel.ptx.size()));
    if (!kernel.cubin.empty())
      RONDO_RETURN_IF_ERROR(writeFile(path + ".cubin", kernel.cubin.data(), kernel.cubin.size()));
    RONDO_RETURN_IF_ERROR(writeFile(path + ".json", metadata.data(), metadata.size()));
  }
  return absl::OkStatus();
}

} // namespace rondo
