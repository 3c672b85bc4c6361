using System.Text.Json;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;

namespace MailPlus.Web.Mail.Settings;

/// <summary>
/// Keeps each user's webmail preferences as <c>web/preferences/&lt;account&gt;.json</c>, in the folder that a backup copies as it is.
/// </summary>
public sealed class PreferenceFile(RunOptions run) : IDisposable
{
    private const long LargestFile = 1024 * 1024;
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly SemaphoreSlim _writer = new(1, 1);

    /// <summary>The preferences of the actor's own account; defaults when none were saved or the file cannot be read.</summary>
    public async Task<MailPreferences> ReadAsync(Actor actor, CancellationToken cancellationToken)
    {
        var file = new FileInfo(NameOf(actor));
        if (!file.Exists || file.Length > LargestFile)
        {
            return new MailPreferences();
        }

        try
        {
            await using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 4096, FileOptions.Asynchronous);
            return await JsonSerializer.DeserializeAsync<MailPreferences>(stream, Format, cancellationToken) ?? new MailPreferences();
        }
        catch (JsonException)
        {
            // A damaged file costs the user a signature, not the mailbox.
            return new MailPreferences();
        }
    }

    /// <summary>Changes the preferences of the actor's own account, durable on completion.</summary>
    public async Task<MailPreferences> ChangeAsync(Actor actor, Func<MailPreferences, MailPreferences> change, CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        try
        {
            var changed = change(await ReadAsync(actor, cancellationToken));
            var name = NameOf(actor);
            Directory.CreateDirectory(Path.GetDirectoryName(name)!);
            var fresh = name + ".new";
            await using (var stream = new FileStream(fresh, FileMode.Create, FileAccess.Write, FileShare.None, 4096, FileOptions.Asynchronous))
            {
                await JsonSerializer.SerializeAsync(stream, changed, Format, cancellationToken);
                stream.Flush(flushToDisk: true);
            }

            File.Move(fresh, name, overwrite: true);
            return changed;
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private string NameOf(Actor actor)
    {
        var account = actor.Account ?? throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "NotAllowed"));
        return Path.Combine(run.DataFolder, "web", "preferences", $"{account}.json");
    }
}
