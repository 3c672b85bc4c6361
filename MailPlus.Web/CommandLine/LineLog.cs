using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace MailPlus.Web.CommandLine;

/// <summary>Where lines of the log go beside the file.</summary>
internal enum LineLogTarget
{
    /// <summary>Standard output: the server.</summary>
    Console,

    /// <summary>Standard error: verbs, whose output belongs to programs.</summary>
    Errors,
}

/// <summary>
/// The log of the process: one line an event, as <c>time level source id "text" name=value…</c>, to the console and to <c>logs/server.log</c>, which is renamed when it is big; nine old ones are kept.
/// Written by a loop of its own: nobody who logs waits for a disk or a terminal.
/// </summary>
internal sealed class LineLogProvider : ILoggerProvider, IAsyncDisposable
{
    private const int MaximumWaiting = 10_000;
    private const long LargestFile = 16 << 20;
    private const int OldFiles = 9;

    private readonly Channel<string> _lines = Channel.CreateBounded<string>(new BoundedChannelOptions(MaximumWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly TextWriter _console;
    private readonly string? _fileName;
    private readonly Task _writing;

    /// <param name="target">Console or errors.</param>
    /// <param name="fileName">The file, null for none.</param>
    internal LineLogProvider(LineLogTarget target, string? fileName)
    {
        _console = target == LineLogTarget.Console ? Console.Out : Console.Error;
        _fileName = fileName;
        _writing = Task.Run(WriteAsync);
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(categoryName, _lines.Writer);

    public void Dispose() => _lines.Writer.TryComplete();

    /// <summary>Writes what waits and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        await _writing;
    }

    private async Task WriteAsync()
    {
        StreamWriter? file = null;
        await foreach (var line in _lines.Reader.ReadAllAsync())
        {
            try
            {
                await _console.WriteLineAsync(line);
                if (_fileName is not null)
                {
                    file = file is { BaseStream.Length: > LargestFile } ? Rotate(file) : file ?? Open();
                    await file.WriteLineAsync(line);
                    if (!_lines.Reader.TryPeek(out _))
                    {
                        await file.FlushAsync();
                    }
                }
            }
            catch (IOException)
            {
                file = null; // a full disk or a closed terminal must not stop the server; the next line tries again
            }
        }

        if (file is not null)
        {
            await file.DisposeAsync();
        }
    }

    private StreamWriter Open() => new(new FileStream(_fileName!, FileMode.Append, FileAccess.Write, FileShare.Read | FileShare.Delete));

    private StreamWriter Rotate(StreamWriter full)
    {
        full.Dispose();
        for (var i = OldFiles; i > 0; i--)
        {
            var older = string.Create(CultureInfo.InvariantCulture, $"{_fileName}.{i}");
            var newer = i == 1 ? _fileName! : string.Create(CultureInfo.InvariantCulture, $"{_fileName}.{i - 1}");
            if (File.Exists(newer))
            {
                File.Move(newer, older, overwrite: true);
            }
        }

        return Open();
    }
}

/// <summary>Formats events as lines.</summary>
internal sealed class LineLogger(string category, ChannelWriter<string> lines) : ILogger
{
    private readonly string _source = category.StartsWith("MailPlus.", StringComparison.Ordinal) ? category[(category.IndexOf('.', 9) + 1)..] : category;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = new StringBuilder(200);
        line.Append(TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        line.Append(' ').Append(Word(logLevel)).Append(' ').Append(_source).Append(' ').Append(eventId.Id).Append(' ');
        Quote(line, formatter(state, exception));
        if (state is IReadOnlyList<KeyValuePair<string, object?>> values)
        {
            foreach (var (name, value) in values)
            {
                if (name != "{OriginalFormat}")
                {
                    line.Append(' ').Append(name).Append('=');
                    Quote(line, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
                }
            }
        }

        if (exception is not null)
        {
            line.Append(" exception=");
            Quote(line, exception.ToString());
        }

        lines.TryWrite(line.ToString());
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "critical",
    };

    /// <summary>Quotes, with line ends and controls escaped: one event never is two lines, whatever a peer sent.</summary>
    private static void Quote(StringBuilder line, string text)
    {
        line.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => line.Append("\\\""),
                '\\' => line.Append("\\\\"),
                '\n' => line.Append("\\n"),
                '\r' => line.Append("\\r"),
                _ when char.IsControl(c) => line.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => line.Append(c),
            };
        }

        line.Append('"');
    }
}
