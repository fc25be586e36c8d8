package io.csiclone.driver;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Programs that write to a volume while it is cloned, and can tell whether a clone is whole. */
final class LiveWriters {

  private LiveWriters() {}

  /** A database that commits one row after the other, each durable before the next begins. */
  static final class Database implements AutoCloseable {

    private final AtomicLong committed = new AtomicLong();
    private final Connection connection;
    private final Thread writer;
    private volatile boolean stopping;
    private volatile String failure = "";

    private Database(Connection connection) {
      this.connection = connection;
      this.writer = Thread.ofPlatform().name("database").unstarted(this::write);
    }

    static Database writingTo(Path folder) throws SQLException {
      Connection connection = open(folder);
      try (Statement statement = connection.createStatement()) {
        statement.execute("PRAGMA journal_mode=WAL");
        statement.execute("PRAGMA synchronous=FULL");
        statement.execute("CREATE TABLE entry (n INTEGER PRIMARY KEY, body BLOB)");
      }
      Database database = new Database(connection);
      database.writer.start();
      return database;
    }

    private static Connection open(Path folder) throws SQLException {
      return DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("database"));
    }

    private void write() {
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO entry VALUES (?, randomblob(2000))")) {
        for (long n = 1; !stopping; n++) {
          insert.setLong(1, n);
          insert.executeUpdate();
          committed.set(n);
        }
      } catch (SQLException e) {
        failure = e.toString();
      }
    }

    /** How many rows whoever looks now must find. */
    long committed() {
      return committed.get();
    }

    /** What stopped the writing, or nothing. */
    String failure() {
      return failure;
    }

    /** The rows of the database in that folder, which must be without a gap and undamaged. */
    static long rowsOf(Path folder) throws SQLException {
      try (Connection connection = open(folder);
          Statement statement = connection.createStatement()) {
        String verdict = answer(statement, "PRAGMA integrity_check");
        if (!verdict.equals("ok")) {
          throw new AssertionError("integrity_check: " + verdict);
        }
        long rows = Long.parseLong(answer(statement, "SELECT count(*) FROM entry"));
        long last = Long.parseLong(answer(statement, "SELECT ifnull(max(n), 0) FROM entry"));
        if (rows != last) {
          throw new AssertionError("the last row is %d but there are %d".formatted(last, rows));
        }
        return rows;
      }
    }

    private static String answer(Statement statement, String query) throws SQLException {
      try (ResultSet result = statement.executeQuery(query)) {
        result.next();
        return result.getString(1);
      }
    }

    @Override
    public void close() throws SQLException, InterruptedException {
      stopping = true;
      writer.join();
      connection.close();
    }
  }

  /** fio, overwriting a file at random with blocks that carry their own checksums. */
  static final class Fio implements AutoCloseable {

    private static final List<String> JOB =
        List.of(
            "fio",
            "--name=job",
            "--thread", // one process, which a kill ends
            "--filename=fio.data",
            "--size=16m",
            "--bs=16k",
            "--verify=crc32c",
            "--verify_fatal=1",
            "--allow_mounted_write=1");

    private final Process process;

    private Fio(Process process) {
      this.process = process;
    }

    static Fio writingTo(Path folder) throws IOException {
      run(folder, List.of("--rw=write", "--do_verify=0", "--end_fsync=1"));
      return new Fio(
          process(
                  folder,
                  List.of(
                      "--rw=randwrite",
                      "--do_verify=0",
                      "--ioengine=psync",
                      "--time_based",
                      "--runtime=3600"))
              .start());
    }

    boolean writes() {
      return process.isAlive();
    }

    /** Reads the file in that folder; fails on a block that does not match its checksum. */
    static void verify(Path folder) throws IOException {
      run(folder, List.of("--rw=read", "--do_verify=1"));
    }

    private static void run(Path folder, List<String> more) throws IOException {
      Process process = process(folder, more).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      try {
        if (process.waitFor() != 0) {
          throw new AssertionError(said);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }

    private static ProcessBuilder process(Path folder, List<String> more) {
      List<String> words = new ArrayList<>(JOB);
      words.addAll(more);
      return Command.builder(words).directory(folder.toFile()).redirectErrorStream(true);
    }

    @Override
    public void close() throws InterruptedException {
      process.destroyForcibly().waitFor();
    }
  }
}
