int dependency_version();
int dependency_version() {
  return DEPENDENCY_VERSION;
}
