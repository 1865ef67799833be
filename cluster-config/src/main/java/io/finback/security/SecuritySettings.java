package io.finback.security;

import com.typesafe.config.Config;
import io.finback.settings.SettingsReader;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code finback.security}: whom the masters' and agents' ports ask for their name, and where names and rules are kept.
 *
 * @param reads whether who only looks must say who they are; likewise {@code writes} and {@code frameworks}
 * @param executors whether agents ask executors for the token they were started with
 * @param realm what a browser shows who is asked
 * @param longestWait how long a request may wait for its turn
 */
public record SecuritySettings(
        boolean reads,
        boolean writes,
        boolean frameworks,
        boolean executors,
        String realm,
        Supplier<Credentials> credentials,
        Supplier<Optional<Tokens>> tokens,
        Supplier<Acls> acls,
        Supplier<RateLimits> rateLimits,
        Duration longestWait) {
    private static final String PATH = "finback.security";

    /** Everybody may do everything. */
    public static final SecuritySettings OPEN = new SecuritySettings(
            false,
            false,
            false,
            false,
            "finback",
            () -> Credentials.NONE,
            Optional::empty,
            () -> Acls.PERMISSIVE,
            () -> RateLimits.NONE,
            Duration.ZERO);

    /** Throws {@link io.finback.runtime.StartFailure} for wrong values and files. */
    public static SecuritySettings from(Config config) {
        SettingsReader reader = SettingsReader.of(config, PATH);
        Duration every = reader.duration("refresh", Duration.ofMillis(100), Duration.ofHours(1));
        Tokens.Wanted wanted = new Tokens.Wanted(
                reader.optionalText("jwt.issuer"),
                reader.optionalText("jwt.audience"),
                reader.nonEmptyText("jwt.principal-claim"),
                reader.duration("jwt.clock-skew", Duration.ZERO, Duration.ofMinutes(10)));
        Watched<Credentials> credentials =
                Watched.of(reader, PATH, "credentials", Credentials.NONE, Credentials::parse, every);
        Watched<Optional<Tokens>> tokens = Watched.of(
                reader, PATH, "jwt.key-file", Optional.empty(), text -> Optional.of(Tokens.of(text, wanted)), every);
        boolean reads = reader.flag("authenticate-reads");
        boolean writes = reader.flag("authenticate-writes");
        boolean frameworks = reader.flag("authenticate-frameworks");
        if ((reads || writes || frameworks) && !credentials.isNamed() && !tokens.isNamed()) {
            throw reader.refuse(
                    reads ? "authenticate-reads" : writes ? "authenticate-writes" : "authenticate-frameworks",
                    "false, or finback.security.credentials or finback.security.jwt.key-file to tell who it is");
        }
        return new SecuritySettings(
                reads,
                writes,
                frameworks,
                reader.flag("authenticate-executors"),
                reader.parsed("realm", "printable characters without quotes", SecuritySettings::realm),
                credentials,
                tokens,
                Watched.of(reader, PATH, "acls", Acls.PERMISSIVE, Acls::parse, every),
                Watched.of(reader, PATH, "rate-limits", RateLimits.NONE, RateLimits::parse, every),
                reader.duration("longest-wait", Duration.ZERO, Duration.ofMinutes(1)));
    }

    private static String realm(String text) {
        if (text.isEmpty() || text.chars().anyMatch(c -> c < ' ' || c > 126 || c == '"' || c == '\\')) {
            throw new IllegalArgumentException(text);
        }
        return text;
    }

    /** How those that are asked for their name may give it. */
    String challenge() {
        String basic = "Basic realm=\"" + realm + "\", charset=\"UTF-8\"";
        return tokens.get().isPresent() ? basic + ", Bearer realm=\"" + realm + "\"" : basic;
    }
}
