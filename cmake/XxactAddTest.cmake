# xxact_add_test(<name> SOURCES ... LINK ... [RANKS 1 2 3] [LABELS ...] [TIMEOUT s] [COST s] [TORCH])
# One GoogleTest binary. With RANKS it is run under mpirun once for each count, its failures are gathered from
# all ranks; without, it is a plain program. Each run has its own scratch folder in XXACT_TEST_SCRATCH.
# Under the sanitizers two ranks are left out: the release build tests them, and three find what two do.
# COST says how long a long test takes: ctest begins with the longest, so that no core waits for one at the end.
function(xxact_add_test name)
  cmake_parse_arguments(ARG "TORCH" "TIMEOUT;COST" "SOURCES;LINK;RANKS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(test_${name} ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE xxact_options ${ARG_LINK} GTest::gtest)
  target_compile_definitions(test_${name} PRIVATE XXACT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(ARG_TORCH)
    xxact_reuse_torch_pch(test_${name})
  endif()
  xxact_keep_modules_loaded(test_${name})
  if(XXACT_SANITIZE)
    list(REMOVE_ITEM ARG_RANKS 2)
  endif()
  if(ARG_RANKS)
    target_link_libraries(test_${name} PRIVATE xxact_mpi_test_main MPI::MPI_C)
    foreach(ranks ${ARG_RANKS})
      add_test(NAME ${name}.ranks${ranks}
        COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} $<TARGET_FILE:test_${name}>)
      xxact_test_properties(${name}.ranks${ranks} ${ranks} ${ARG_TIMEOUT} "${ARG_LABELS}" "${ARG_COST}")
    endforeach()
  else()
    target_link_libraries(test_${name} PRIVATE GTest::gtest_main)
    add_test(NAME ${name} COMMAND test_${name})
    xxact_test_properties(${name} 1 ${ARG_TIMEOUT} "${ARG_LABELS}" "${ARG_COST}")
  endif()
endfunction()

# xxact_add_command_test(<name> SCRIPT file [RANKS n] [LABELS ...] [TIMEOUT s] [COST s]): a shell script that runs the program, under tests/command_test.sh;
# it gets XXACT (the binary), MPIRUN (empty or "mpirun -n N"), XXACT_SOURCE_DIR and XXACT_TEST_SCRATCH.
function(xxact_add_command_test name)
  cmake_parse_arguments(ARG "" "SCRIPT;TIMEOUT;COST" "RANKS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_RANKS)
    set(ARG_RANKS 1)
  endif()
  if(XXACT_SANITIZE)
    list(REMOVE_ITEM ARG_RANKS 2)
  endif()
  foreach(ranks ${ARG_RANKS})
    add_test(NAME ${name}.ranks${ranks} COMMAND bash ${CMAKE_SOURCE_DIR}/tests/command_test.sh ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SCRIPT})
    xxact_test_properties(${name}.ranks${ranks} ${ranks} ${ARG_TIMEOUT} "${ARG_LABELS}" "${ARG_COST}")
    set_property(TEST ${name}.ranks${ranks} APPEND PROPERTY ENVIRONMENT
      "XXACT=$<TARGET_FILE:xxact>" "MPIRUN=${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks}"
      "XXACT_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  endforeach()
endfunction()

function(xxact_test_properties test ranks timeout labels)  # and, if need be, the cost
  set(scratch ${CMAKE_BINARY_DIR}/scratch/${test})
  file(MAKE_DIRECTORY ${scratch})
  set_tests_properties(${test} PROPERTIES TIMEOUT ${timeout} PROCESSORS ${ranks} LABELS "${labels}"
    WORKING_DIRECTORY ${scratch}
    ENVIRONMENT "XXACT_TEST_SCRATCH=${scratch};OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_rmaps_base_oversubscribe=1;OMPI_MCA_hwloc_base_binding_policy=none;OMPI_MCA_mpi_yield_when_idle=1;OMPI_MCA_btl_vader_single_copy_mechanism=none;OMP_WAIT_POLICY=passive;HDF5_USE_FILE_LOCKING=FALSE")
  if(ARGN)
    set_tests_properties(${test} PROPERTIES COST ${ARGN})
  endif()
  if(XXACT_SANITIZE)
    # MPI and its helpers keep memory until the process ends; everything else that leaks is ours.
    set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT
      "LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../tests/lsan.supp:print_suppressions=0"
      "ASAN_OPTIONS=fast_unwind_on_malloc=0:malloc_context_size=12" "UBSAN_OPTIONS=print_stacktrace=1")
  endif()
endfunction()

# In sanitized builds, plugins of MPI stay loaded until the leak checker has run; see the source.
function(xxact_keep_modules_loaded target)
  if(XXACT_SANITIZE)
    target_sources(${target} PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../tests/keep_modules_loaded.cpp)
    set_target_properties(${target} PROPERTIES ENABLE_EXPORTS ON)
  endif()
endfunction()
