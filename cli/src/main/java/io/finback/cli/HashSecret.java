package io.finback.cli;

import io.finback.runtime.StartFailure;
import io.finback.security.Credentials;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code finback hash-secret}. The secret comes from standard input: an argument would be seen by every user of the machine. */
@Command(
        name = "hash-secret",
        mixinStandardHelpOptions = true,
        description = {
            "Reads a secret from standard input, up to its first line end, and prints its hash",
            "for a file of finback.security.credentials."
        })
final class HashSecret implements Callable<Integer> {
    private final InputStream in;
    private final Screen screen;

    HashSecret(InputStream in, Screen screen) {
        this.in = in;
        this.screen = screen;
    }

    @Override
    public Integer call() throws IOException {
        String secret = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).readLine();
        if (secret == null || secret.isEmpty()) {
            throw new StartFailure("no secret on standard input (expected: one line)");
        }
        screen.out().println(Credentials.hash(secret));
        return 0;
    }
}
