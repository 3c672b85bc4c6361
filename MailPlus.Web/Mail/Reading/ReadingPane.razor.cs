using System.Globalization;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Web.Mail.Settings;
using MailPlus.Web.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace MailPlus.Web.Mail.Reading;

/// <summary>One message: who, when, attachments, and the sandboxed frame with its content. Nothing of the content itself passes through the page.</summary>
public sealed partial class ReadingPane
{
    private ReadMessage? _message;
    private (MailboxId Mailbox, Uid Uid)? _wanted;
    private ElementReference _frame;
    private string _framed = "";
    private bool _gone;
    private bool _images;
    private bool _darkMessage;

    /// <summary>The page's state.</summary>
    [Parameter, EditorRequired]
    public MailDesk Desk { get; set; } = default!;

    /// <summary>The browser module.</summary>
    [Parameter]
    public IJSObjectReference? Module { get; set; }

    /// <summary>The message to show, null for none.</summary>
    [Parameter]
    public Uid? Message { get; set; }

    /// <summary>The user's preferences.</summary>
    [Parameter, EditorRequired]
    public MailPreferences Preferences { get; set; } = default!;

    /// <summary>The user changed preferences.</summary>
    [Parameter]
    public EventCallback<Func<MailPreferences, MailPreferences>> Prefer { get; set; }

    /// <summary>An action on the message was chosen.</summary>
    [Parameter]
    public EventCallback<string> Act { get; set; }

    /// <summary>The message is to be moved.</summary>
    [Parameter]
    public EventCallback<Folders.Folder> Move { get; set; }

    [CascadingParameter]
    private Viewer Viewer { get; set; } = default!;

    private bool IsSpam => Desk.Current?.Mailbox.SpecialUse == SpecialUse.Junk;

    private bool IsStarred => Message is { } uid && Desk.View.StateOf(uid) is { } state && (state.Flags & MessageFlags.Flagged) != 0;

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (Message is not { } uid || Desk.Current is not { } folder)
        {
            _message = null;
            _wanted = null;
            return;
        }

        if (_wanted == (folder.Mailbox.Id, uid))
        {
            // Another client may have removed what is read here.
            _gone |= _message is not null && Desk.View.StateOf(uid) is null;
            return;
        }

        _wanted = (folder.Mailbox.Id, uid);
        _message = null;
        _gone = false;
        _framed = "";
        await using var store = await Desk.OpenAsync(CancellationToken.None);
        var read = await ReadMessage.OfAsync(store, folder.Mailbox.Id, uid, CancellationToken.None);
        if (_wanted != (folder.Mailbox.Id, uid))
        {
            return; // the user went on meanwhile
        }

        _message = read;
        _gone = read is null;
        _darkMessage = Preferences.DarkMessages;

        // Pictures and links of spam stay dead (WEB-097).
        _images = read is not null && !IsSpam && Preferences.ShowsImagesOf(read.From.Address);
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_message is null || Module is null)
        {
            return;
        }

        var address = Address($"body?images={(_images ? "true" : "false")}&darkMessage={(_darkMessage ? "true" : "false")}");
        if (address != _framed)
        {
            _framed = address;
            await Module.InvokeVoidAsync("showFrame", _frame, address);
        }
    }

    private static string Initial(Correspondent person) =>
        person.Shown.TrimStart('"', '\'', ' ', '(') is { Length: > 0 } name ? StringInfo.GetNextTextElement(name) : "?";

    private static string Ending(string fileName) =>
        Path.GetExtension(fileName).TrimStart('.') is { Length: > 0 and <= 5 } ending ? ending.ToUpperInvariant() : "FILE";

    private string Address(string tail) =>
        string.Create(CultureInfo.InvariantCulture, $"/mail/message/{_wanted?.Mailbox.Value}/{_wanted?.Uid}/{tail}");

    private string Summary(ReadMessage message)
    {
        var people = message.To.Concat(message.Cc).Concat(message.Bcc).ToList();
        return people.Count switch
        {
            0 => L["ToNobody"],
            <= 3 => L["ToPeople", string.Join(", ", people.Select(person => person.Shown))],
            _ => L["ToMore", string.Join(", ", people.Take(2).Select(person => person.Shown)), Shown.Count(people.Count - 2)],
        };
    }

    private void ShowImagesAsync() => _images = true;

    private async Task AllowSenderAsync()
    {
        _images = true;
        var address = _message!.From.Address;
        await Prefer.InvokeAsync(own => own.Allowing(address));
    }

    private async Task ToggleDarkAsync()
    {
        _darkMessage = !_darkMessage;
        var dark = _darkMessage;
        await Prefer.InvokeAsync(own => own with { DarkMessages = dark });
    }
}
