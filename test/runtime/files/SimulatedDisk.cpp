// Files and folders with their history since they were synced.
#include "test/runtime/files/SimulatedDisk.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace rondo::rt {

SimulatedDisk::SimulatedDisk(std::string root) : root_(std::move(root)) {
  nodes_.push_back({true, {{}}, {}, 0});
}

std::pair<size_t, std::string> SimulatedDisk::locate(const std::string &path) const {
  size_t folder = 0;
  std::filesystem::path relative = std::filesystem::path(path).lexically_relative(root_);
  for (const auto &part : relative.parent_path())
    folder = nodes_[folder].names.back().at(part.string());
  return {folder, relative.filename().string()};
}

size_t SimulatedDisk::nodeAt(const std::string &path) const {
  auto [folder, name] = locate(path);
  return name == "." ? folder : nodes_[folder].names.back().at(name);
}

SimulatedDisk::Names &SimulatedDisk::change(size_t folder) {
  std::vector<Names> &names = nodes_[folder].names;
  names.push_back(Names(names.back()));
  return names.back();
}

void SimulatedDisk::add(const std::string &path, bool isFolder) {
  auto [folder, name] = locate(path);
  change(folder)[name] = nodes_.size();
  nodes_.push_back({isFolder, {{}}, {}, 0});
}

void SimulatedDisk::follow(const FileCall &call) {
  switch (call.kind) {
  case FileCall::Create:
    add(call.path, false);
    open_[call.descriptor] = nodes_.size() - 1;
    break;
  case FileCall::Open:
    open_[call.descriptor] = nodeAt(call.path);
    break;
  case FileCall::MakeFolder:
    add(call.path, true);
    break;
  case FileCall::Write:
    nodes_[open_.at(call.descriptor)].data += call.bytes;
    break;
  case FileCall::Sync:
    if (Node &node = nodes_[open_.at(call.descriptor)]; node.isFolder && foldersAreSynced)
      node.names = {node.names.back()};
    else if (!node.isFolder && filesAreSynced)
      node.synced = node.data.size();
    break;
  case FileCall::Rename: {
    auto [folder, name] = locate(call.path);
    auto [newFolder, newName] = locate(call.newPath);
    if (folder != newFolder)
      std::abort(); // two folders would change in one step
    Names &names = change(folder);
    size_t node = names.at(name);
    names.erase(name);
    names[newName] = node;
    break;
  }
  case FileCall::RemoveFile:
  case FileCall::RemoveFolder: {
    auto [folder, name] = locate(call.path);
    change(folder).erase(name);
    break;
  }
  case FileCall::Read:
    break;
  }
}

void SimulatedDisk::writeNode(size_t index, const std::string &path, const Choose &chooseNames,
                              const Choose &chooseData) const {
  const Node &node = nodes_[index];
  if (!node.isFolder) {
    size_t size = node.synced + chooseData(node.data.size() - node.synced + 1);
    std::ofstream(path, std::ios::binary) << node.data.substr(0, size);
    return;
  }
  std::filesystem::create_directory(path);
  for (const auto &[name, child] : node.names[chooseNames(node.names.size())])
    writeNode(child, path + "/" + name, chooseNames, chooseData);
}

void SimulatedDisk::writeImage(const std::string &folder, const Choose &chooseNames,
                               const Choose &chooseData) const {
  writeNode(0, folder, chooseNames, chooseData);
}

} // namespace rondo::rt
