#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Unpack, configure and compile the distribution's QEMU in /build; run by make-qemu.sh in
# the Debian 13 tree. Its text is part of the key of the result.
set -eux

cd /build
rm -rf src
dpkg-source --no-check -x /usr/src/qemu/qemu_*.dsc src
# The source package leaves out the edk2 blobs that this would unpack
sed -i 's/^if unpack_edk2_blobs/if false/' src/pc-bios/meson.build
mkdir src/build
cd src/build
../configure --target-list=x86_64-softmmu --without-default-features --enable-tcg --enable-kvm \
	--enable-virtfs --enable-attr --enable-slirp --enable-pixman \
	--disable-docs --disable-tools --disable-user --disable-download \
	--disable-install-blobs --disable-werror
ninja -j"${JOBS:-2}" qemu-system-x86_64
