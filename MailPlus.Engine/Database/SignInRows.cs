using System.ComponentModel.DataAnnotations;

namespace MailPlus.Engine.Database;

/// <summary>A password of one mail program, beside the account's own.</summary>
internal sealed class AppPasswordRow
{
    public long Id { get; set; }

    public long AccountId { get; set; }

    [MaxLength(100)]
    public string Name { get; set; } = "";

    /// <summary>SHA-256 of the password, hexadecimal: it is random and long, so that nothing slower is needed.</summary>
    [MaxLength(64)]
    public string Hash { get; set; } = "";

    /// <summary>UTC microseconds.</summary>
    public long Created { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long? LastUsed { get; set; }

    [MaxLength(16)]
    public string LastProtocol { get; set; } = "";

    [MaxLength(45)]
    public string LastAddress { get; set; } = "";
}

/// <summary>Sign-ins of an account on a day that are alike: programs that sign in every minute make one row.</summary>
internal sealed class SignInRow
{
    public long Id { get; set; }

    public long AccountId { get; set; }

    /// <summary>Days since 0001-01-01, UTC.</summary>
    public int Day { get; set; }

    [MaxLength(16)]
    public string Protocol { get; set; } = "";

    [MaxLength(45)]
    public string Address { get; set; } = "";

    /// <summary>Name of the app password, "" for the account's own.</summary>
    [MaxLength(100)]
    public string Credential { get; set; } = "";

    /// <summary>"" when it succeeded, else why not.</summary>
    [MaxLength(40)]
    public string Failure { get; set; } = "";

    /// <summary>UTC microseconds.</summary>
    public long First { get; set; }

    /// <summary>UTC microseconds.</summary>
    public long Last { get; set; }

    public long Count { get; set; }
}
