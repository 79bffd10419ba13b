// For sanitized builds only. OpenMPI unloads its plugins in MPI_Finalize; what they leaked can then no longer be told
// from what we leaked, since the leak checker runs later and finds their code gone. So plugins stay loaded.
extern "C" int dlclose(void* /*handle*/);
extern "C" int dlclose(void* /*handle*/) { return 0; }
