using System.Text.Json;
using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Mail.Compose;

/// <summary>Markup and words of a compose window, in the user's language.</summary>
public sealed partial class ComposeWindow
{
    private static readonly (string Act, string Icon, string Name)[] Formats =
    [
        ("bold", "bold", "Bold"), ("italic", "italic", "Italic"), ("underline", "underline", "Underline"), ("strikethrough", "strikethrough", "Strikethrough"),
        ("ul", "list-bullet", "BulletList"), ("ol", "list-number", "NumberedList"), ("quote", "quote", "Quote"), ("link", "link", "Link"),
        ("image", "picture", "Image"), ("clear", "clear-format", "ClearFormat"),
    ];

    private static readonly string[] Spoken =
    [
        "DiscardAsk", "Discarded", "Failed", "Forward", "Limit", "LinkAsk", "NewMessage", "NoSubjectAsk", "NotSaved", "Offline", "RecipientBad", "Remove", "Reply", "Saved",
        "Saving", "Sending", "Sent", "SessionEnded", "TooLarge", "Unexpected", "UploadFailed", "Uploading", "WaitUpload",
    ];

    /// <summary>The token every change sends back.</summary>
    [Parameter]
    public string? Token { get; set; }

    private string Words => JsonSerializer.Serialize(Spoken.ToDictionary(key => key, key => L[key].Value));
}
