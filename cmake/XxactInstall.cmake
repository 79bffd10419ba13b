# What `cmake --install` puts where. Two components: `program` (bin, jobs, configurations, documents) and `development` (static libraries,
# headers, the CMake package). Everything finds everything else by relative paths, so that the folder may be moved.
if(XXACT_SANITIZE OR XXACT_FUZZ)
  return()  # such libraries would need the same flags of everyone who links them
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(xxact_package ${CMAKE_INSTALL_LIBDIR}/cmake/xxact)
set(xxact_share ${CMAKE_INSTALL_DATADIR}/xxact)

# Beside the program: lib (a bundle has libraries there), and wheels, into which Torch's wheels may be unpacked or linked. Behind them
# the folders of the libraries that were linked; CMake leaves out those in the source tree, where .venv is. DT_RPATH, not DT_RUNPATH:
# it holds for the libraries that these libraries load, too.
function(xxact_install_rpath target)
  set(folders $ORIGIN/../${CMAKE_INSTALL_LIBDIR})
  if(XXACT_TORCH)
    list(APPEND folders $ORIGIN/../wheels/torch/lib)
    foreach(folder IN LISTS xxact_nvidia_folders)
      file(RELATIVE_PATH relative ${XXACT_WHEELS_DIR} ${folder})
      list(APPEND folders $ORIGIN/../wheels/${relative})
    endforeach()
    list(APPEND folders ${XXACT_TORCH_DIR}/lib ${xxact_nvidia_folders})
  endif()
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "${folders}" INSTALL_RPATH_USE_LINK_PATH ON)
  target_link_options(${target} PRIVATE LINKER:--disable-new-dtags)
endfunction()

# The imported targets that a user of this target has to find: those behind its links, and behind those of the parts it links.
function(xxact_collect_needs target result)
  set(needs)
  get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
  foreach(link IN LISTS links)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
    if(NOT TARGET ${link})
      continue()  # -lrt and the like
    endif()
    get_target_property(imported ${link} IMPORTED)
    if(imported)
      list(APPEND needs ${link})
    else()
      xxact_collect_needs(${link} of_link)
      list(APPEND needs ${of_link})
    endif()
  endforeach()
  # xxact::hdf5 is made of MPI's target.
  if("xxact::hdf5" IN_LIST needs)
    list(PREPEND needs MPI::MPI_C)
  endif()
  list(REMOVE_DUPLICATES needs)
  set(${result} ${needs} PARENT_SCOPE)
endfunction()

# Two export sets, so that a package with Torch's parts serves users without Torch. Adds to the caller's lists xxact_plain, xxact_torch
# and to xxact_part_needs.
function(xxact_install_part name)
  xxact_collect_needs(xxact_${name} needs)
  if("xxact::torch" IN_LIST needs)
    set(set xxactTorchTargets)
    set(xxact_torch ${xxact_torch} ${name} PARENT_SCOPE)
  else()
    set(set xxactTargets)
    set(xxact_plain ${xxact_plain} ${name} PARENT_SCOPE)
  endif()
  install(TARGETS xxact_${name} EXPORT ${set} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  get_target_property(folder xxact_${name} SOURCE_DIR)
  file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${folder})
  install(DIRECTORY ${folder}/ DESTINATION include/xxact/${relative} COMPONENT development FILES_MATCHING PATTERN "*.hpp")
  set(xxact_part_needs "${xxact_part_needs}set(xxact_needs_${name} \"${needs}\")\n" PARENT_SCOPE)
endfunction()

function(xxact_install_package)
  install(TARGETS xxact_options EXPORT xxactTargets)
  get_property(parts GLOBAL PROPERTY XXACT_PARTS)
  foreach(part IN LISTS parts)
    xxact_install_part(${part})
  endforeach()
  install(EXPORT xxactTargets NAMESPACE xxact:: DESTINATION ${xxact_package} COMPONENT development)
  if(xxact_torch)
    install(EXPORT xxactTorchTargets NAMESPACE xxact:: DESTINATION ${xxact_package} COMPONENT development)
  endif()
  file(WRITE ${CMAKE_BINARY_DIR}/package/xxactParts.cmake "# The parts that are installed, without Torch and with it, and what each needs.
set(xxact_parts_plain \"${xxact_plain}\")\nset(xxact_parts_torch \"${xxact_torch}\")\n${xxact_part_needs}")
  configure_package_config_file(cmake/xxactConfig.cmake.in ${CMAKE_BINARY_DIR}/package/xxactConfig.cmake INSTALL_DESTINATION ${xxact_package})
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/xxactConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/package/xxactParts.cmake ${CMAKE_BINARY_DIR}/package/xxactConfig.cmake
    ${CMAKE_BINARY_DIR}/package/xxactConfigVersion.cmake cmake/XxactLibraries.cmake cmake/XxactTorch.cmake
    DESTINATION ${xxact_package} COMPONENT development)
endfunction()

function(xxact_install_program)
  xxact_install_rpath(xxact)
  install(TARGETS xxact RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
  if(TARGET xxact_device)  # the program looks for it beside itself
    add_dependencies(xxact xxact_device)
    xxact_install_rpath(xxact_device)
    install(TARGETS xxact_device LIBRARY DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
  endif()
  install(DIRECTORY jobs configs DESTINATION ${xxact_share} COMPONENT program USE_SOURCE_PERMISSIONS)
  install(FILES data/perovskites.csv.gz data/mp20.csv.gz DESTINATION ${xxact_share}/data COMPONENT program)  # of jobs/demo.sh
  install(FILES data/README.md DESTINATION ${xxact_share}/data COMPONENT program)
  install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
  install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
endfunction()

xxact_install_program()
xxact_install_package()
