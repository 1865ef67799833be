package io.finback.nodeagent.executor;

import java.nio.file.Path;

/** The same where our own program does not run. */
class ContainmentByShellTest extends ContainmentTest {
    @Override
    Tools tools(Path directory) throws Exception {
        return Tools.find(System.getenv("PATH"));
    }
}
