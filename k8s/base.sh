#!/bin/sh
# Makes a base image from the packages of the Debian machine it runs on, without asking any registry or mirror:
#   k8s/base.sh [TAG]      (default finback/base:local; the engine is the one of DOCKER_HOST)
# It has a shell, coreutils, util-linux and what they and the Java runtime link to: what an agent needs to contain tasks.
set -eu
tag=${1:-finback/base:local}

fail() {
  echo "k8s/base.sh: $*" >&2
  exit 1
}
command -v dpkg-query >/dev/null 2>&1 || fail "no dpkg here; name a base image to k8s/image.sh instead"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT TERM
chmod 0755 "$root"

# The packages, and what they depend on that is installed.
wanted="base-files base-passwd bash coreutils dash grep gzip hostname iproute2 libc-bin mount procps sed tar util-linux zlib1g libgcc-s1 libstdc++6"
for more in busybox-static ca-certificates curl; do
  if dpkg-query -W "$more" >/dev/null 2>&1; then wanted="$wanted $more"; fi
done
packages=
while [ -n "$wanted" ]; do
  next=
  for package in $wanted; do
    case " $packages " in
      *" $package "*) continue ;;
    esac
    dpkg-query -L "$package" >/dev/null 2>&1 || continue
    case $package in
      # They configure a machine; nothing here runs them.
      debconf* | perl* | openssl | systemd* | libsystemd-shared | adduser | dpkg* | tzdata | readline-common | init-system-helpers) continue ;;
    esac
    packages="$packages $package"
    next="$next $(dpkg-query -W -f '${Pre-Depends},${Depends}' "$package" | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/:any//; s/ //g' | tr '\n' ' ')"
  done
  wanted=$(echo "$next" | tr ' ' '\n' | sort -u | tr '\n' ' ' | sed 's/^ *//; s/ *$//')
done

mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64"
for dir in bin sbin lib lib64; do
  ln -s "usr/$dir" "$root/$dir"
done
# shellcheck disable=SC2086
dpkg-query -L $packages | grep -vE '^/usr/share/(doc|man|info|locale|lintian|bash-completion|bug|perl5|i18n|menu|zsh|vim)|^/usr/lib/(systemd|udev)/|^(diverted|package)' \
  | sed 's|^/bin/|/usr/bin/|; s|^/sbin/|/usr/sbin/|; s|^/lib/|/usr/lib/|; s|^/lib64/|/usr/lib64/|' | sort -u \
  | while read -r path; do if [ -e "$path" ] || [ -h "$path" ]; then echo ".$path"; fi; done \
  | grep -vE '^\./\.?$|^\./(bin|sbin|lib|lib64)$' >"$root.list"
tar -C / --no-recursion -T "$root.list" -cf - | tar -C "$root" --keep-directory-symlink -xf -
rm -f "$root.list"
[ -e "$root/bin/sh" ] || ln -s dash "$root/bin/sh"
mkdir -p "$root/tmp" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/etc/ssl/certs" "$root/var/lib"
chmod 1777 "$root/tmp"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
[ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
ldconfig -r "$root" 2>/dev/null || true
# Every program finds its libraries.
for program in bash dash setsid unshare setpriv prlimit mkfifo; do
  ! chroot "$root" "/usr/bin/$program" --version </dev/null 2>&1 | grep -q 'error while loading' || fail "$program lacks a library in the base"
done
tar -C "$root" -cf - . | docker import - "$tag" >/dev/null
echo "$tag"
