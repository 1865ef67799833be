package io.finback.persistence;

import com.typesafe.config.Config;
import io.finback.runtime.StartFailure;
import java.util.Locale;

/** The journals a master can use. */
enum Profile {
    /** On this machine's disk: one master. */
    LEVELDB,
    /** In PostgreSQL: any number of masters, fenced by the primary key of its journal. */
    POSTGRES;

    static final String KEY = "finback.persistence.profile";

    /** Throws {@link StartFailure} when the key holds anything but a profile's name. */
    static Profile of(Config settings) {
        String name = settings.getString(KEY);
        for (Profile profile : values()) {
            if (profile.id().equals(name)) {
                return profile;
            }
        }
        throw new StartFailure(KEY + ": '" + name + "' (expected: leveldb or postgres)");
    }

    /** The name people type. */
    String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
