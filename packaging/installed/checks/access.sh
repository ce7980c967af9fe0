# shellcheck shell=bash disable=SC2154
# Who can do what, as SECURITY.md has it: for a group, then for the owner alone.
check 'segments are there' test "$(public | wc -l)" -ge 3
is 'each under two names' "$(kept | wc -l)" "$(public | wc -l)"
# shellcheck disable=SC2046  # no name has a space
is 'segments: owner, group, mode' "$(access $(segments))" 'axismirror axismirror 660'
check 'a member of the group reads' as_member axismirror tail -n 10
check 'another user does not' refuses 'may not be opened by user' as_stranger axismirror tail -n 10
check 'nor by hand' refuses 'ermission denied' as_stranger cat "$(public | head -1)"
for user in member stranger; do
  check "a $user cannot unlink a public name" refuses 'not permitted' as_$user unlink "$(public | head -1)"
  check "a $user cannot unlink a kept name" refuses 'ermission denied' as_$user unlink "$(kept | head -1)"
  check "a $user cannot change the stream" refuses 'other user' as_$user axismirror set axismirror buf_dur=5
done
check 'its own user can' as axismirror --init-groups axismirror set axismirror buf_dur=5
check 'and root' axismirror set axismirror buf_dur=6
set_to conn '"/run/axismirror/conn.sock"'
check 'restarts with conn' systemctl restart $unit
is 'conn: folder' "$(access /run/axismirror)" 'axismirror axismirror 750'
is 'conn: socket' "$(access /run/axismirror/conn.sock)" 'axismirror axismirror 660'

set_to mode '"0600"'
sed --in-place '/^group = /d' $settings
check 'restarts for its owner alone' systemctl restart $unit
# shellcheck disable=SC2046
is 'segments: the owner'"'"'s alone' "$(access $(segments))" 'axismirror axismirror 600'
is 'conn: the owner'"'"'s alone' "$(access /run/axismirror/conn.sock)" 'axismirror axismirror 600'
check 'a member does not read any more' refuses 'its owner alone may' as_member axismirror tail -n 10
check 'stops' systemctl stop $unit
check 'takes its segments along' none segments
check 'and its socket' none find /run -name conn.sock
set_to mode '"0660"'
set_to group '"axismirror"'
