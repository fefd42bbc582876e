# Runs while installing, with SOFA_SOURCE_DIR, SOFA_BINARY, SOFA_LIBRARY and SOFA_STRIP: what is made of what was built.
set(root $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX})

if(CMAKE_INSTALL_DO_STRIP)  # CMake strips programs by itself, archives not
  execute_process(COMMAND ${SOFA_STRIP} --strip-debug ${root}/${SOFA_LIBRARY} COMMAND_ERROR_IS_FATAL ANY)
endif()

function(completion shell path)
  get_filename_component(folder ${root}/${path} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  execute_process(COMMAND ${SOFA_BINARY} completion ${shell} OUTPUT_FILE ${root}/${path} COMMAND_ERROR_IS_FATAL ANY)
  message(STATUS "Installing: ${root}/${path}")
endfunction()
completion(bash share/bash-completion/completions/sofa)
completion(fish share/fish/vendor_completions.d/sofa.fish)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")  # Debian's zsh looks here for what packages bring
  completion(zsh share/zsh/vendor-completions/_sofa)
  # What Debian's policy asks of a package.
  file(MAKE_DIRECTORY ${root}/share/doc/sofa)
  file(WRITE ${root}/share/doc/sofa/copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2026, the authors of sofa
License: Apache-2.0
 On Debian systems the text of this licence is in /usr/share/common-licenses/Apache-2.0.
")
  execute_process(COMMAND gzip -9nc ${SOFA_SOURCE_DIR}/CHANGELOG.md OUTPUT_FILE ${root}/share/doc/sofa/changelog.gz
                  COMMAND_ERROR_IS_FATAL ANY)
else()
  completion(zsh share/zsh/site-functions/_sofa)
endif()
