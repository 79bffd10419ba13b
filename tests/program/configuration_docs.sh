# docs/configuration.md is what the program says of its options.
"$XXACT" --markdown > options.md
diff -u "$XXACT_SOURCE_DIR/docs/configuration.md" options.md || { echo "run: xxact --markdown > docs/configuration.md"; exit 1; }
