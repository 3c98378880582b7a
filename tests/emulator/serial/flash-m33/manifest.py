freeze("$(MANIFEST_DIR)", "_boot.py")
