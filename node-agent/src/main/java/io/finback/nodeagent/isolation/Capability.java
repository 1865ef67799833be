package io.finback.nodeagent.isolation;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** One of the rights root has. Source: Linux {@code include/uapi/linux/capability.h}, in its order. */
public enum Capability {
    CHOWN,
    DAC_OVERRIDE,
    DAC_READ_SEARCH,
    FOWNER,
    FSETID,
    KILL,
    SETGID,
    SETUID,
    SETPCAP,
    LINUX_IMMUTABLE,
    NET_BIND_SERVICE,
    NET_BROADCAST,
    NET_ADMIN,
    NET_RAW,
    IPC_LOCK,
    IPC_OWNER,
    SYS_MODULE,
    SYS_RAWIO,
    SYS_CHROOT,
    SYS_PTRACE,
    SYS_PACCT,
    SYS_ADMIN,
    SYS_BOOT,
    SYS_NICE,
    SYS_RESOURCE,
    SYS_TIME,
    SYS_TTY_CONFIG,
    MKNOD,
    LEASE,
    AUDIT_WRITE,
    AUDIT_CONTROL,
    SETFCAP,
    MAC_OVERRIDE,
    MAC_ADMIN,
    SYSLOG,
    WAKE_ALARM,
    BLOCK_SUSPEND,
    AUDIT_READ,
    PERFMON,
    BPF,
    CHECKPOINT_RESTORE;

    /** {@code NET_RAW}, {@code CAP_NET_RAW} and {@code net_raw} are the same. */
    public static Capability parse(String name) {
        String upper = name.strip().toUpperCase(Locale.ROOT);
        String bare = upper.startsWith("CAP_") ? upper.substring(4) : upper;
        return Arrays.stream(values())
                .filter(capability -> capability.name().equals(bare))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "'" + name.strip() + "' (expected: a Linux capability, such as NET_BIND_SERVICE)"));
    }

    /** {@code all}, {@code none}, or names with commas between them. */
    public static Set<Capability> parseList(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "all" -> EnumSet.allOf(Capability.class);
            case "none" -> EnumSet.noneOf(Capability.class);
            default ->
                Arrays.stream(text.split(",", -1))
                        .map(Capability::parse)
                        .collect(Collectors.toCollection(() -> EnumSet.noneOf(Capability.class)));
        };
    }

    /** {@code CAP_NET_RAW}. */
    public String kernelName() {
        return "CAP_" + name();
    }

    /** A set as the kernel has it: a bit for each, in hexadecimal. */
    @SuppressWarnings("EnumOrdinal") // declared in the kernel's order, as said above
    static String mask(Set<Capability> capabilities) {
        long mask = 0;
        long bit = 1;
        for (Capability capability : values()) {
            mask |= capabilities.contains(capability) ? bit : 0;
            bit <<= 1;
        }
        return Long.toHexString(mask);
    }

    /** As {@code setpriv} takes a set: exactly these. */
    static String exactly(Set<Capability> capabilities) {
        return "-all"
                + capabilities.stream()
                        .sorted()
                        .map(capability -> ",+" + capability.name().toLowerCase(Locale.ROOT))
                        .collect(Collectors.joining());
    }
}
