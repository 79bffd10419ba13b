# cmake -D FILE=... -D OLD=... -D NEW=... -P: what `cmake --install` itself does; patchelf is seldom there. NEW must not be longer.
file(RPATH_CHANGE FILE "${FILE}" OLD_RPATH "${OLD}" NEW_RPATH "${NEW}")
