using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace MailPlus.Tests.Support;

/// <summary>What a finished command printed and its exit code.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Returns itself when the command succeeded, else fails the test with everything the command said.</summary>
    public CommandResult MustSucceed(string what)
    {
        if (ExitCode != 0)
        {
            throw new InvalidOperationException($"{what} ended with code {ExitCode}\n--- output\n{Output}\n--- errors\n{Errors}");
        }

        return this;
    }
}

/// <summary>A program the tests start: its output is kept, it never outlives the test.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptLines = 20_000;

    /// <summary>How long what ended may keep its streams open: until then the last lines come in, and what it left running may hold them for ever.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Queue<string> _lines = new();
    private readonly Lock _gate = new();

    private ChildProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        if (!_process.Start())
        {
            throw new InvalidOperationException($"{start.FileName} did not start");
        }

        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Everything printed so far on both streams (the last 20,000 lines).</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>The last lines printed, for messages of failed tests.</summary>
    public string Tail(int count = 60) => string.Join('\n', Lines.TakeLast(count));

    /// <summary>Starts a program that keeps running.</summary>
    public static ChildProcess Start(string program, IEnumerable<string> arguments, string? folder = null)
        => new(StartInfo(program, arguments, folder));

    /// <summary>Runs a program to its end; kills it after <paramref name="limit"/>.</summary>
    public static async Task<CommandResult> RunAsync(
        string program, IReadOnlyList<string> arguments, string input = "", TimeSpan? limit = null, CancellationToken token = default)
        => await RunAsync(StartInfo(program, arguments, null), input, limit ?? TimeSpan.FromMinutes(5), token);

    /// <summary>As above, in a folder of its own.</summary>
    public static async Task<CommandResult> RunInAsync(
        string folder, string program, IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken token = default)
        => await RunAsync(StartInfo(program, arguments, folder), "", limit, token);

    /// <summary>True when a program of that name is on the PATH (or in the system folders, which a plain user's PATH may lack).</summary>
    public static string? Find(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/local/sbin", "/usr/sbin", "/sbin"])
            .Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    /// <summary>Ends the process as a crash would, and what it has started: nothing in it runs any more.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        using var deadline = new CancellationTokenSource(LastWords);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (_process.HasExited)
        {
            // Something it had started, and let go of, still holds its streams.
        }
    }

    /// <summary>Asks the process to end (SIGTERM) and waits; kills it when it does not.</summary>
    public async Task<int> StopAsync(TimeSpan limit)
    {
        if (!_process.HasExited)
        {
            _ = SendSignal(_process.Id, 15);
            using var deadline = new CancellationTokenSource(limit);
            try
            {
                await _process.WaitForExitAsync(deadline.Token);
            }
            catch (OperationCanceledException) when (_process.HasExited)
            {
                // As above.
            }
            catch (OperationCanceledException)
            {
                await KillAsync();
                throw new TimeoutException($"the process did not end within {limit} of SIGTERM\n{Tail()}");
            }
        }

        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private static async Task<CommandResult> RunAsync(ProcessStartInfo start, string input, TimeSpan limit, CancellationToken token)
    {
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(token);
        deadline.CancelAfter(limit);
        var output = process.StandardOutput.ReadToEndAsync(token);
        var errors = process.StandardError.ReadToEndAsync(token);
        try
        {
            if (input.Length > 0)
            {
                await process.StandardInput.WriteAsync(input);
            }
        }
        catch (IOException)
        {
            // The program ended without reading its input; its exit code tells more than this would.
        }

        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{start.FileName} {string.Join(' ', start.ArgumentList)} ran longer than {limit}\n{await RestAsync(output)}\n{await RestAsync(errors)}");
        }

        return new CommandResult(process.ExitCode, await RestAsync(output), await RestAsync(errors));
    }

    /// <summary>All a program that has ended printed. What it left running must not have its streams.</summary>
    private static async Task<string> RestAsync(Task<string> printed)
    {
        try
        {
            return await printed.WaitAsync(LastWords);
        }
        catch (TimeoutException)
        {
            return "(what it printed is not known: something it left running still holds its streams)";
        }
    }

    private static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, string? folder)
    {
        var start = new ProcessStartInfo(Find(program) ?? program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
            WorkingDirectory = folder ?? "",
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // The test host's own settings would change how a child server behaves.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ASPNETCORE_", StringComparison.Ordinal)
            || k.StartsWith("MAILPLUS_DATA", StringComparison.Ordinal) || k.StartsWith("VSTEST_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        return start;
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines)
            {
                _lines.Dequeue();
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);
}
